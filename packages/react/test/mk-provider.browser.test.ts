import { attachMk, GpuSynced, type MkOptions, type MkSync } from '@memkit/ecs-plugin'
import { attachKoota } from '@memkit/ecs-plugin/koota'
import { MkProvider, useDisposable, useMk } from '@memkit/react'
import { threeGpu } from '@memkit/three'
import { createWorld, type World } from 'bitecs'
import { createWorld as createKootaWorld, trait } from 'koota'
import { Component, createElement as h, StrictMode, useEffect, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const Position = GpuSynced({ x: new Float32Array(8) })

let root: Root
let made: MkSync<object>[]
let host: HTMLElement
beforeEach(() => {
  made = []
  host = document.createElement('div')
  root = createRoot(host)
})
afterEach(() => root.unmount())

const options: MkOptions = { gpu: () => Promise.resolve(threeGpu()), components: [Position] }

/** `attachMk`, which remembers what it made. */
async function attach(world: World, given: MkOptions): Promise<MkSync> {
  const mk = await attachMk(world, given)
  made.push(mk)
  return mk
}

const alive = (): number => made.filter(({ isDisposed }) => !isDisposed).length
const says = (text: string): Promise<void> => vi.waitFor(() => expect(host.textContent).toBe(text))
/** Long enough for all that was begun. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

/** Says whether its sync is in use. */
function Game(): ReactNode {
  return useMk().isDisposed ? 'disposed' : 'playing'
}

it('attaches the world while it is mounted', async () => {
  const world = createWorld()
  const seen = new Set<string>()
  new MutationObserver(() => seen.add(host.textContent)).observe(host, { childList: true, subtree: true })
  root.render(h(MkProvider<World>, { world, attach, options, fallback: 'loading' }, h(Game)))
  await says('playing')
  expect([...seen]).toEqual(['loading', 'playing'])
  expect([made.length, alive()]).toEqual([1, 1])
  root.render(null)
  await says('')
  await vi.waitFor(() => expect(alive()).toBe(0))
  const again = await attachMk(world, options)
  again.dispose()
})

it('leaves nothing after ten mounts in StrictMode, and has one sync in each', async () => {
  const world = createWorld()
  for (let mount = 0; mount < 10; mount++) {
    root.render(h(StrictMode, null, h(MkProvider<World>, { world, attach, options, key: mount }, h(Game))))
    await says('playing')
    await settled()
    expect(alive()).toBe(1)
    root.render(null)
    await vi.waitFor(() => expect(alive()).toBe(0))
  }
  expect(made.flatMap(({ gpu }) => gpu.leaks())).toEqual([])
  const again = await attachMk(world, options)
  again.dispose()
})

it('takes a gpu that is borrowed again in StrictMode', async () => {
  const world = createWorld()
  const gpu = threeGpu()
  const given = { gpu, components: [Position] }
  root.render(h(StrictMode, null, h(MkProvider<World>, { world, attach, options: given }, h(Game))))
  await says('playing')
  await settled()
  expect(alive()).toBe(1)
  root.render(null)
  await vi.waitFor(() => expect(alive()).toBe(0))
  expect(gpu.leaks()).toEqual([])
})

it('frees a world that is still being attached', async () => {
  const world = createWorld()
  let give: (gpu: ReturnType<typeof threeGpu>) => void = () => {}
  const gpu = (): Promise<ReturnType<typeof threeGpu>> => new Promise((resolve) => (give = resolve))
  root.render(h(MkProvider<World>, { world, attach, options: { gpu }, fallback: 'loading' }, h(Game)))
  await says('loading')
  await settled()
  root.render(null)
  await settled()
  const other = await attachMk(world, options)
  give(threeGpu())
  await settled()
  expect([alive(), other.isDisposed]).toEqual([0, false])
  other.dispose()
})

it('attaches another world instead, and shows no child a sync of the one before', async () => {
  const worlds = [createWorld(), createWorld()]
  const seen: string[] = []
  function Watches({ world }: { world: World }): ReactNode {
    const mk = useMk()
    const text = `${made.indexOf(mk)} of ${worlds.indexOf(world)}, disposed: ${mk.isDisposed}`
    useEffect(() => void seen.push(text))
    return text
  }
  for (const world of worlds) {
    root.render(h(MkProvider<World>, { world, attach, options, fallback: 'loading' }, h(Watches, { world })))
    await vi.waitFor(() => expect(host.textContent).toContain(`of ${worlds.indexOf(world)}`))
  }
  expect([...new Set(seen)]).toEqual(['0 of 0, disposed: false', '1 of 1, disposed: false'])
  expect(alive()).toBe(1)
})

it('attaches a world of koota', async () => {
  GpuSynced(trait({ x: 0 }))
  const world = createKootaWorld()
  root.render(
    h(MkProvider<typeof world>, { world, attach: attachKoota, options: { gpu: threeGpu() } }, h(Game)),
  )
  await says('playing')
  world.destroy()
})

class Boundary extends Component<{ children: ReactNode }> {
  override state: { code?: string } = {}
  static getDerivedStateFromError = (error: { code: string }) => ({ code: error.code })
  override render = (): ReactNode => this.state.code ?? this.props.children
}

it('throws what attaching throws, for an error boundary, or tells onError', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const world = {} as World
  root.render(h(Boundary, null, h(MkProvider<World>, { world, attach, options }, h(Game))))
  await says('NotAWorld')
  const onError = vi.fn()
  root.render(h(MkProvider<World>, { world, attach, options, onError, fallback: 'loading' }, h(Game)))
  await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce())
  expect(onError.mock.calls[0]).toMatchObject([{ code: 'NotAWorld' }])
  await says('loading')
  vi.restoreAllMocks()
})

it('keeps what has dispose for as long as it is mounted, and ends it before the sync', async () => {
  const world = createWorld()
  const log: string[] = []
  function Lists({ name }: { name: string }): ReactNode {
    const mk = useMk()
    const it = useDisposable(() => {
      log.push(`make ${name}`)
      return { name, dispose: () => log.push(`${name} ends, sync disposed: ${mk.isDisposed}`) }
    }, [mk, name])
    return it?.name ?? 'nothing'
  }
  const show = (name: string): void =>
    root.render(h(MkProvider<World>, { world, attach, options }, h(Lists, { name })))
  show('a')
  await says('a')
  show('b')
  await says('b')
  root.render(null)
  await vi.waitFor(() => expect(alive()).toBe(0))
  expect(log).toEqual(['make a', 'a ends, sync disposed: false', 'make b', 'b ends, sync disposed: false'])
})
