import { attachMk, GpuSynced, type MkSync } from '@memkit/ecs-plugin'
import { threeGpu } from '@memkit/three'
import { addComponent, addEntity, createWorld, Not, removeEntity, type World } from 'bitecs'

const column = (): Float32Array => new Float32Array(3000)
const WIDTH = 64

/** A world in which every entity has a pixel of its own, and is red where its hue is 1. */
export class World2d {
  readonly Position = GpuSynced({ x: column(), y: column() })
  readonly Look = GpuSynced({ r: column(), g: column(), b: column() })
  readonly Dead = {}
  readonly living: readonly object[] = [this.Position, this.Look, Not(this.Dead)]
  readonly alive = new Set<number>()
  readonly mk: MkSync
  readonly #world: World
  #spawned = 0
  #moves = 0

  static async open(device: GPUDevice | undefined): Promise<World2d> {
    const world = createWorld()
    const mk = await attachMk(world, { gpu: device ?? threeGpu() })
    return new World2d(world, mk)
  }

  private constructor(world: World, mk: MkSync) {
    this.#world = world
    this.mk = mk
  }

  spawnMany(count: number): void {
    const { Position, Look } = this
    for (let i = 0; i < count; i++, this.#spawned++) {
      const e = addEntity(this.#world)
      addComponent(this.#world, e, Position)
      addComponent(this.#world, e, Look)
      Position.x[e] = this.#spawned % WIDTH
      Position.y[e] = Math.floor(this.#spawned / WIDTH)
      Look.r[e] = this.#spawned % 2
      ;[Look.g[e], Look.b[e]] = [1, 0]
      this.alive.add(e)
    }
  }

  /** Moves the first entity along the highest line, which is free. */
  move(): void {
    const [first] = this.alive
    this.Position.x[first] = this.#moves++ % WIDTH
    this.Position.y[first] = WIDTH - 1
  }

  hide(): void {
    const second = [...this.alive][1]
    addComponent(this.#world, second, this.Dead)
    this.alive.delete(second)
  }

  kill(): void {
    const third = [...this.alive][2]
    removeEntity(this.#world, third)
    this.alive.delete(third)
  }

  /** Forgets what should be seen. */
  clear(): void {
    this.alive.clear()
  }

  frame(): void {
    this.mk.beginFrame()
    this.mk.endFrame()
  }

  close(): void {
    this.mk.dispose()
  }
}
