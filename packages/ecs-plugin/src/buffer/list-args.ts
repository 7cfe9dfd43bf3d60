import type { MkCoordinator } from '@memkit/coordinator'
import { drawWords, workgroupSizeOf, type DispatchShape, type DrawShape } from './draw-shape.ts'
import { ListDispatchArgs, ListDrawArgs } from './indirect-args.ts'
import type { WgslNaming } from './wgsl-binding.ts'

/** What a list is made with. */
export interface ListShapes {
  readonly draw: DrawShape | undefined
  readonly dispatch: DispatchShape | undefined
}

/** The arguments of all draws and the dispatch over one list. */
export class ListArgs {
  /** The draw arguments in the shape that the list was made with. */
  first: ListDrawArgs | undefined
  dispatch: ListDispatchArgs | undefined
  readonly #coordinator: MkCoordinator
  readonly #list: WgslNaming
  readonly #shapes: ListShapes
  /** By shape, so that asking for a shape again makes no more of them. */
  readonly #draws: { readonly key: string; readonly args: ListDrawArgs }[] = []

  /**
   * Checks the shapes that the list is made with.
   * @param list names declarations in WGSL
   */
  constructor(coordinator: MkCoordinator, list: WgslNaming, shapes: ListShapes) {
    const { draw, dispatch } = shapes
    if (draw !== undefined) drawWords(draw)
    if (dispatch !== undefined)
      workgroupSizeOf(dispatch, coordinator.gpu.capabilities.maxComputeWorkgroupSizeX)
    this.#coordinator = coordinator
    this.#list = list
    this.#shapes = shapes
  }

  /** The list was made with the shape of a dispatch. */
  get isDispatched(): boolean {
    return this.#shapes.dispatch !== undefined
  }

  /** Makes the arguments of these shapes, where the device has INDIRECT buffers. */
  open(): void {
    if (!this.#coordinator.gpu.capabilities.indirect) return
    const { draw, dispatch } = this.#shapes
    if (draw !== undefined) this.first = this.draw(draw)
    if (dispatch !== undefined) this.dispatch = new ListDispatchArgs(this.#coordinator, dispatch, this.#list)
  }

  /** Returns the draw arguments of that shape. */
  draw(shape: DrawShape): ListDrawArgs {
    const words = drawWords(shape)
    const { perInstance = 1 } = shape
    const key = `${words.length} ${words[0]} ${perInstance}`
    const known = this.#draws.find((draw) => draw.key === key)
    if (known !== undefined) return known.args
    const args = new ListDrawArgs(this.#coordinator, words, perInstance, this.#list.label)
    this.#draws.push({ key, args })
    return args
  }

  /** Returns how many places of the list are read when `count` entities are drawn. */
  places(count: number): number {
    let places = count
    for (let i = 0; i < this.#draws.length; i++) places = Math.max(places, this.#draws[i].args.places(count))
    return places
  }

  update(count: number): void {
    for (let i = 0; i < this.#draws.length; i++) this.#draws[i].args.update(count)
    this.dispatch?.update(count)
  }

  dispose(): void {
    for (const { args } of this.#draws) args.dispose()
    this.dispatch?.dispose()
  }
}
