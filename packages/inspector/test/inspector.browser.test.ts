import { attachMk, f32, GpuSynced, mat4x4f, struct, u32, vec2f, type SyncedRows } from '@memkit/ecs-plugin'
import { addComponents, addEntity, createWorld, removeEntity } from 'bitecs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cdp, userEvent } from 'vitest/browser'
import { mountInspector, type Inspector, type InspectorOptions } from '../src/index.ts'

// A small world on a real device. Frames are run by hand, so that every number below is known.

const ENEMIES = 12

async function game() {
  const adapter = await navigator.gpu.requestAdapter()
  const device = await adapter!.requestDevice()
  const column = (): Float32Array => new Float32Array(100)
  const Position = GpuSynced(
    { x: column(), y: column() },
    { label: 'Position', schema: struct({ at: vec2f.from('x', 'y') }) },
  )
  const Hull = GpuSynced(
    { hp: column(), team: new Uint32Array(100) },
    { label: 'Hull', rows: 'packed', schema: struct({ hp: f32, team: u32 }) },
  )
  const Pose = GpuSynced(
    { m: new Float32Array(1600) },
    { label: 'Pose', changes: 'marked', schema: struct({ m: mat4x4f }) },
  )
  const world = createWorld()
  const entities = Array.from({ length: ENEMIES }, (_, i) => {
    const entity = addEntity(world)
    addComponents(world, entity, Position, Pose)
    if (i % 3 === 0) addComponents(world, entity, Hull)
    return entity
  })
  const mk = await attachMk(world, { gpu: device, strategy: 'runs' })
  const aimed = mk.query([Hull], { label: 'Aimed', rowsOf: Hull })
  for (const entity of entities) {
    Position.x[entity] = entity + 0.5
    Position.y[entity] = -entity
    Hull.hp[entity] = 100 - entity
    Hull.team[entity] = entity % 2
  }
  const frame = (work = (): void => {}): void => {
    mk.beginFrame()
    work()
    mk.endFrame()
  }
  return { device, world, mk, frame, entities, Position, Hull, Pose, aimed }
}

type Game = Awaited<ReturnType<typeof game>>

let g: Game
let mounted: Inspector[]
beforeEach(async () => {
  g = await game()
  mounted = []
})
afterEach(() => {
  for (const inspector of mounted) inspector.dispose()
  g.mk.dispose()
  g.device.destroy()
  document.body.replaceChildren()
  vi.restoreAllMocks()
})

function mount(options: InspectorOptions = {}): Inspector {
  const inspector = mountInspector(g.mk, options)
  mounted.push(inspector)
  return inspector
}

const root = (inspector: Inspector): ShadowRoot => inspector.element.shadowRoot!
const all = <E extends HTMLElement>(inspector: Inspector, selector: string): E[] => [
  ...root(inspector).querySelectorAll<E>(selector),
]
function one(inspector: Inspector, selector: string): HTMLElement {
  const found = all(inspector, selector)
  if (found.length !== 1) throw new Error(`${found.length} elements match ${selector}`)
  return found[0]
}
const texts = (elements: readonly HTMLElement[]): string[] => elements.map((each) => each.textContent)
const active = (inspector: Inspector): Element | null => root(inspector).activeElement
const button = (inspector: Inspector, name: string): HTMLButtonElement => {
  const found = all<HTMLButtonElement>(inspector, 'button').find(
    (each) => each.textContent === name || each.ariaLabel === name,
  )
  if (found === undefined) throw new Error(`no button is named ${name}`)
  return found
}

describe('mounted', () => {
  it('is one element with a shadow root, in the requested place', () => {
    const parent = document.body.appendChild(document.createElement('main'))
    const inspector = mount({ parent })
    expect([...parent.children]).toEqual([inspector.element])
    expect(root(inspector).mode).toBe('open')
    expect(inspector.isOpen).toBe(true)
    expect(inspector.element.getBoundingClientRect().bottom).toBe(innerHeight)
  })

  it('can start closed and be opened', () => {
    const inspector = mount({ open: false })
    expect(inspector.isOpen).toBe(false)
    expect(inspector.element.getClientRects().length).toBe(0)
    inspector.toggle()
    expect(inspector.isOpen).toBe(true)
    expect(inspector.element.getClientRects().length).toBe(1)
  })

  it('keeps its own style whatever the page does to such elements', () => {
    const style = document.head.appendChild(document.createElement('style'))
    style.textContent = 'div { position: static; display: grid; opacity: 0.1 } button { font-size: 60px }'
    const inspector = mount()
    expect(getComputedStyle(inspector.element).position).toBe('fixed')
    expect(getComputedStyle(inspector.element).opacity).toBe('1')
    expect(getComputedStyle(button(inspector, 'Pause')).fontSize).toBe('13px')
    style.remove()
  })

  it('is light or dark as requested', () => {
    const light = getComputedStyle(one(mount({ theme: 'light' }), '.sheet')).backgroundColor
    const dark = getComputedStyle(one(mount({ theme: 'dark' }), '.sheet')).backgroundColor
    expect([light, dark]).toEqual(['rgb(255, 255, 255)', 'rgb(18, 21, 29)'])
  })
})

describe("with the system's preferences", () => {
  /** Sets a media feature as Chromium's developer tools do; Vitest has no types for it. */
  const emulate = async (name: string, value: string): Promise<void> => {
    const session = cdp() as unknown as { send(method: string, params: object): Promise<unknown> }
    await session.send('Emulation.setEmulatedMedia', { features: [{ name, value }] })
  }
  afterEach(async () => {
    vi.useRealTimers()
    await emulate('prefers-color-scheme', '')
  })

  it('decide between dark and light, also when they change', async () => {
    const inspector = mount()
    const back = (): string => getComputedStyle(one(inspector, '.sheet')).backgroundColor
    await emulate('prefers-color-scheme', 'dark')
    expect(back()).toBe('rgb(18, 21, 29)')
    await emulate('prefers-color-scheme', 'light')
    expect(back()).toBe('rgb(255, 255, 255)')
  })

  it('redraws ten times a second, or twice with reduced motion', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    mount({ tab: 'components' })
    const asked = vi.spyOn(g.mk, 'synced')
    vi.advanceTimersByTime(1000)
    expect(asked).toHaveBeenCalledTimes(10)
    await emulate('prefers-reduced-motion', 'reduce')
    await vi.waitFor(() => {
      asked.mockClear()
      vi.advanceTimersByTime(1000)
      expect(asked).toHaveBeenCalledTimes(2)
    })
  })
})

describe('Frames', () => {
  it('draws what frames report while it is open', () => {
    g.frame()
    const inspector = mount()
    g.frame(() => (g.Position.x[g.entities[2]] = 9))
    inspector.update()
    // Frame 2: one row of a vec2f, in one write.
    expect(texts(all(inspector, '.tiles dd')).slice(0, 4)).toEqual(['2', '1', '1.00', '1'])
    expect(texts(all(inspector, '.key b')).slice(2)).toEqual(['8 B', '8 B', '1'])
  })

  it('has charts that fill their boxes', async () => {
    const inspector = mount()
    g.frame()
    g.frame()
    inspector.update()
    await vi.waitFor(() => expect(all(inspector, '.plot canvas').length).toBe(3))
    for (const plot of all(inspector, '.plot')) {
      const canvas = plot.querySelector('canvas')!
      expect(canvas.clientWidth).toBe(plot.clientWidth)
      expect(canvas.clientHeight).toBe(plot.clientHeight)
      const pixels = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data
      expect(pixels.some((value) => value !== 0)).toBe(true)
    }
  })

  it('can be browsed with the arrow keys, which pause it', async () => {
    const inspector = mount()
    for (let i = 0; i < 5; i++) g.frame()
    inspector.update()
    one(inspector, '.charts').focus()
    await userEvent.keyboard('{ArrowLeft}{ArrowLeft}')
    const frame = (): string => all(inspector, '.tiles dd')[0].textContent
    expect(frame()).toBe('3')
    g.frame()
    inspector.update()
    expect(frame()).toBe('3')
    await userEvent.keyboard('{Home}')
    expect(frame()).toBe('1')
    await userEvent.keyboard('{ArrowLeft}{End}')
    expect(frame()).toBe('6')
    expect(button(inspector, 'Continue').ariaPressed).toBe('true')
  })
})

describe('Components', () => {
  const lines = (inspector: Inspector): string[][] =>
    all(inspector, '.components tbody tr').map((row) => texts([...row.querySelectorAll('td')]))

  it('lists components and queries with their rows and what the last frame did', () => {
    const inspector = mount({ tab: 'components' })
    g.frame()
    g.frame(() => {
      g.Position.y[g.entities[3]] = 77
      g.Position.y[g.entities[4]] = 78
    })
    inspector.update()
    // Twelve entities from id 1: 13 rows where row = entity. Every third has a Hull: entities 1, 4, 7, 10.
    const capacity = '1\u202f024'
    expect(lines(inspector)).toEqual([
      ['Position', '13', capacity, '8 B', 'detect', 'upload', 'runs', '2', '16 B', '8 KiB', '1'],
      ['Pose', '13', capacity, '64 B', 'marked', 'upload', 'none', '0', '0 B', '64 KiB', '1'],
      ['Hullpacked', '4', capacity, '8 B', 'detect', 'upload', 'none', '0', '0 B', '8 KiB', '1'],
      ['Aimedquery', '4', capacity, '4 B', 'entered, left', 'upload', 'none', '0', '0 B', '4 KiB', '1'],
    ])
  })

  it('follows additions and removals', () => {
    const inspector = mount({ tab: 'components' })
    g.frame()
    g.aimed.dispose()
    removeEntity(g.world, g.entities[0])
    g.frame()
    inspector.update()
    expect(lines(inspector).map(([name, rows]) => [name, rows])).toEqual([
      ['Position', '13'],
      ['Pose', '13'],
      ['Hullpacked', '3'],
    ])
  })

  it('can be browsed with the keyboard, where Enter shows rows', async () => {
    g.frame()
    const inspector = mount({ tab: 'components' })
    const rows = all(inspector, '.components tbody tr')
    rows[0].focus()
    await userEvent.keyboard('{ArrowDown}{ArrowDown}')
    expect(active(inspector)).toBe(rows[2])
    // Tab stops at one row only.
    expect(rows.map((row) => row.tabIndex)).toEqual([-1, -1, 0, -1])
    await userEvent.keyboard('{End}{ArrowDown}')
    expect(active(inspector)).toBe(rows[3])
    await userEvent.keyboard('{Home}{Enter}')
    expect(inspector.tab).toBe('rows')
    expect((one(inspector, 'select') as HTMLSelectElement).value).toBe('Position')
  })
})

describe('Memory', () => {
  it('lists the blocks of the heap and the buffers of the device', () => {
    g.frame()
    const inspector = mount({ tab: 'memory' })
    const { heap } = g.mk.coordinator
    const blocks = all(inspector, '.heap tbody tr')
    expect(blocks.length).toBe(heap.stats.blocks)
    expect(texts(blocks).some((text) => text.includes('Position'))).toBe(true)
    const buffers = texts(all(inspector, '.buffers tbody tr'))
    expect(buffers.length).toBe(g.mk.gpu.leaks().length)
    // 1 024 rows of 64 bytes.
    expect(buffers.some((text) => text.startsWith('Pose64 KiB'))).toBe(true)
    // The map has a place for each stretch, side by side over its whole width.
    const map = one(inspector, '.map')
    const parts = [...map.children].map((part) => part.getBoundingClientRect())
    expect(parts.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(map.clientWidth, 0)
    expect(map.ariaLabel).toContain(`${heap.stats.blocks} blocks`)
  })

  it('follows allocations', () => {
    g.frame()
    const inspector = mount({ tab: 'memory' })
    const { heap } = g.mk.coordinator
    const block = heap.alloc(5 << 20, 16, 'Something big')
    inspector.update()
    expect(all(inspector, '.heap tbody tr')[0].textContent).toContain('Something big5 MiB')
    heap.free(block)
    inspector.update()
    expect(one(inspector, '.heap').textContent).not.toContain('Something big')
  })

  it('shows an overflow heap of mirrors beside the main one', async () => {
    g.frame()
    const inspector = mount({ tab: 'memory' })
    const [info] = g.mk.synced() as SyncedRows[]
    info.mirror.isolate(1024)
    inspector.update()
    expect(texts(all(inspector, '.heap h3'))).toEqual(['Heap', 'overflow heap 1'])
  })
})

describe('Rows', () => {
  const values = (inspector: Inspector, side: 'CPU' | 'Device'): string[] =>
    texts(all(inspector, `.fields td[data-side='${side}'] span`))
  const state = (inspector: Inspector): string => one(inspector, '.state').textContent
  const input = (inspector: Inspector): HTMLInputElement => one(inspector, '.rows input') as HTMLInputElement

  it('shows an entity on both sides, which are equal after a frame', async () => {
    g.frame()
    const inspector = mount({ tab: 'rows' })
    await vi.waitFor(() => expect(state(inspector)).toContain('CPU and device are equal'))
    // The first entity is 1, at byte 8.
    expect(input(inspector).value).toBe('1')
    expect(state(inspector)).toContain('Row 1 of 13, 8 B at byte 8.')
    expect(values(inspector, 'CPU')).toEqual(['1.5', '−1'])
    expect(values(inspector, 'Device')).toEqual(['1.5', '−1'])
  })

  it('shows the difference when the device holds something else', async () => {
    g.frame()
    const inspector = mount()
    g.device.queue.writeBuffer(g.mk.buffer(g.Position).gpuBuffer, 5 * 8 + 4, new Float32Array([42]))
    inspector.inspect(g.Position, 5)
    await vi.waitFor(() => expect(state(inspector)).toContain('1 of 2 values differ'))
    expect(inspector.tab).toBe('rows')
    expect(values(inspector, 'CPU')).toEqual(['5.5', '−5'])
    expect(values(inspector, 'Device')).toEqual(['5.5', '42'])
    const marked = all(inspector, '.fields span.differs')
    expect(texts(marked)).toEqual(['−5', '42'])
  })

  it('shows a forgotten mark', async () => {
    g.frame()
    const inspector = mount()
    g.frame(() => (g.Pose.m[3 * 16 + 12] = 8))
    inspector.inspect(g.Pose, 3)
    await vi.waitFor(() => expect(state(inspector)).toContain('1 of 16 values differ'))
    // The translation of a matrix, which people write in its last column.
    expect(values(inspector, 'CPU')[3]).toBe('8')
    expect(values(inspector, 'Device')[3]).toBe('0')
  })

  it('shows the rows of packed components', async () => {
    g.frame()
    const inspector = mount()
    inspector.inspect(g.Hull, 7)
    // Entities 1, 4, 7, 10 have one.
    await vi.waitFor(() => expect(state(inspector)).toContain('Row 2 of 4'))
    expect(values(inspector, 'Device')).toEqual(['93', '1'])
    inspector.inspect(g.Hull, 8)
    await vi.waitFor(() => expect(state(inspector)).toBe('Entity 8 has no row here.'))
  })

  it('follows frames, and steps from entity to entity', async () => {
    g.frame()
    const inspector = mount({ tab: 'rows' })
    await vi.waitFor(() => expect(values(inspector, 'Device')).toEqual(['1.5', '−1']))
    g.frame(() => (g.Position.x[1] = 3))
    await vi.waitFor(() => expect(values(inspector, 'Device')).toEqual(['3', '−1']))
    button(inspector, 'Next entity').click()
    await vi.waitFor(() => expect(values(inspector, 'Device')).toEqual(['2.5', '−2']))
    button(inspector, 'Previous entity').click()
    button(inspector, 'Previous entity').click()
    expect(input(inspector).value).toBe('1')
  })

  it('compares CPU and device at the same moment while every frame changes the row', async () => {
    const inspector = mount({ tab: 'rows', hz: 60 })
    let seen = 0
    for (let i = 0; i < 60; i++) {
      g.frame(() => (g.Position.x[1] = i))
      // Written between the frames: no frame uploads it, and it must not count as a difference.
      g.Position.x[1] = i + 0.5
      await new Promise(requestAnimationFrame)
      if (state(inspector).includes('differ')) throw new Error(state(inspector))
      if (state(inspector).includes('equal')) seen++
    }
    expect(seen).toBeGreaterThan(0)
  })

  it('compares all rows and moves to the next difference', async () => {
    g.frame()
    const inspector = mount({ tab: 'rows' })
    const find = (): void => button(inspector, 'Find differences').click()
    const found = (): string => one(inspector, '[role=status]').textContent
    find()
    await vi.waitFor(() => expect(found()).toBe('No differences in 13 rows.'))
    const { gpuBuffer } = g.mk.buffer(g.Position)
    for (const row of [0, 6, 11]) g.device.queue.writeBuffer(gpuBuffer, row * 8, new Float32Array([-1]))
    find()
    // Row 0 has no entity. The row that was shown is 1.
    await vi.waitFor(() => expect(found()).toBe('3 of 13 rows differ, 1 of them without an entity.'))
    expect(input(inspector).value).toBe('6')
    find()
    await vi.waitFor(() => expect(input(inspector).value).toBe('11'))
    find()
    await vi.waitFor(() => expect(input(inspector).value).toBe('6'))
  })

  it('shows the list of a query', async () => {
    g.frame()
    const inspector = mount({ tab: 'rows' })
    const select = one(inspector, 'select') as HTMLSelectElement
    await userEvent.selectOptions(select, 'Aimed')
    await vi.waitFor(() => expect(state(inspector)).toContain('Row 0 of 4'))
    expect(values(inspector, 'Device')).toEqual(['0'])
  })
})

describe('a component in columns', () => {
  it('is shown as what it is, with rows of its schema on both sides', async () => {
    const store = { x: new Float32Array(10), hp: new Uint8Array(10) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes: 'all' })
    const world = createWorld()
    const mk = await attachMk(world, { gpu: g.device })
    for (let i = 0; i < 3; i++) {
      const entity = addEntity(world)
      addComponents(world, entity, Body)
      store.x[entity] = entity + 0.5
      store.hp[entity] = 200 + entity
    }
    const frame = (): void => {
      mk.beginFrame()
      mk.endFrame()
    }
    frame()
    const inspector = mountInspector(mk, { tab: 'components' })
    mounted.push(inspector)
    inspector.update()
    const line = texts(all(inspector, '.components-view tbody td'))
    expect(line.slice(0, 4).map((text) => text.replace(/(?<=\d)\D(?=\d)/, ''))).toEqual([
      'Bodycolumns',
      '4',
      '1088',
      '5 B',
    ])
    inspector.inspect(Body, 2)
    const state = (): string => one(inspector, '.state').textContent
    await vi.waitFor(() => expect(state()).toBe('Row 2 of 4, 5 B in 2 columns. CPU and device are equal.'))
    expect(texts(all(inspector, ".fields td[data-side='Device'] span"))).toEqual(['2.5', '202'])
    const { offset } = mk.buffer(Body).sections[1]
    g.device.queue.writeBuffer(mk.buffer(Body).gpuBuffer, offset, new Uint8Array([0, 1, 2, 3]))
    button(inspector, 'Find differences').click()
    const found = (): string => one(inspector, '[role=status]').textContent
    await vi.waitFor(() => expect(found()).toBe('3 of 4 rows differ.'))
    inspector.dispose()
    mk.dispose()
  })
})

describe('a lost device', () => {
  it('is reported, and everything else works', async () => {
    g.frame()
    const inspector = mount({ tab: 'rows' })
    g.device.destroy()
    await g.mk.gpu.lost
    inspector.inspect(g.Position, 3)
    await vi.waitFor(() => expect(one(inspector, '.state').textContent).toMatch(/lost/i))
    g.frame()
    for (const tab of ['frames', 'components', 'memory', 'rows'] as const) {
      inspector.tab = tab
      inspector.update()
    }
    expect(one(inspector, '.components tbody tr:first-child').textContent).toContain('Position13')
  })

  it('is followed by its replacement', async () => {
    g.frame()
    const inspector = mount({ tab: 'rows' })
    g.device.destroy()
    await g.mk.gpu.lost
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter!.requestDevice()
    await g.mk.restore(device)
    g.frame()
    inspector.inspect(g.Position, 3)
    await vi.waitFor(() => expect(one(inspector, '.state').textContent).toContain('Row 3 of 13'))
    expect(one(inspector, '.state').textContent).toContain('equal')
    g.device = device
  })
})

describe('unreadable columns', () => {
  it('are reported in place of the row', async () => {
    g.frame()
    const inspector = mount({ tab: 'rows' })
    Object.assign(g.Position, { x: new Float32Array(50) })
    inspector.inspect(g.Position, 3)
    await vi.waitFor(() => expect(one(inspector, '.state').textContent).toContain('Position'))
    expect(one(inspector, '.state').classList.contains('alarm')).toBe(true)
  })
})

describe('the trace', () => {
  it('is recorded between two presses, and saved as a file that loads', async () => {
    const saved: Blob[] = []
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
      saved.push(blob as Blob)
      return '#'
    })
    const inspector = mount()
    g.frame()
    button(inspector, 'Record trace').click()
    g.frame()
    g.frame()
    button(inspector, 'Save trace').click()
    expect(g.mk.coordinator.trace).toBeUndefined()
    expect(saved.length).toBe(1)
    const { traceEvents } = JSON.parse(await saved[0].text()) as {
      traceEvents: { name: string; ph: string; ts: number; dur?: number }[]
    }
    const frames = traceEvents.filter(({ name }) => name.startsWith('frame '))
    expect(frames.map(({ name, ph }) => [name, ph])).toEqual([
      ['frame 2', 'X'],
      ['frame 3', 'X'],
    ])
    for (const { ts, dur } of frames) expect([Number.isFinite(ts), dur! >= 0]).toEqual([true, true])
    expect(button(inspector, 'Record trace')).toBeDefined()
  })

  it('ends with the inspector that started it', () => {
    const inspector = mount()
    button(inspector, 'Record trace').click()
    inspector.dispose()
    expect(g.mk.coordinator.trace).toBeUndefined()
  })

  it('saves a trace that the game records, and leaves it running', () => {
    vi.spyOn(URL, 'createObjectURL').mockReturnValue('#')
    const trace = g.mk.coordinator.startTrace()
    const inspector = mount()
    button(inspector, 'Save trace').click()
    inspector.dispose()
    expect(g.mk.coordinator.trace).toBe(trace)
  })
})

describe('the keyboard', () => {
  it('moves between tabs with arrows', async () => {
    const inspector = mount()
    inspector.focus()
    const tabs = all(inspector, '[role=tab]')
    expect(active(inspector)).toBe(tabs[0])
    await userEvent.keyboard('{ArrowRight}{ArrowRight}')
    expect(inspector.tab).toBe('memory')
    expect(active(inspector)).toBe(tabs[2])
    await userEvent.keyboard('{ArrowLeft}')
    expect(inspector.tab).toBe('components')
    await userEvent.keyboard('{End}{ArrowRight}')
    expect(inspector.tab).toBe('frames')
    const shown = all(inspector, '[role=tabpanel]').filter((panel) => !panel.hidden)
    expect(shown.map((panel) => panel.getAttribute('aria-labelledby'))).toEqual([tabs[0].id])
  })

  it('reaches everything with Tab, with a visible focus', async () => {
    g.frame()
    const inspector = mount({ tab: 'components' })
    one(inspector, '.edge').focus()
    const stops: string[] = []
    for (let i = 0; i < 5; i++) {
      await userEvent.tab()
      const stop = active(inspector)!
      stops.push(stop.getAttribute('role') ?? stop.ariaLabel ?? stop.textContent)
      expect(getComputedStyle(stop).outlineStyle).toBe('solid')
    }
    expect(stops).toEqual(['tab', 'Record trace', 'Dock at the right', 'Close the inspector (Escape)', 'row'])
  })

  it('closes it with Escape, and returns the focus', async () => {
    const outside = document.body.appendChild(document.createElement('button'))
    const inspector = mount()
    outside.focus()
    inspector.focus()
    await userEvent.keyboard('{Escape}')
    expect(inspector.isOpen).toBe(false)
    expect(document.activeElement).toBe(outside)
  })

  it("doesn't reach the game while the inspector has it", async () => {
    const heard: string[] = []
    const listener = ({ type }: Event): void => void heard.push(type)
    for (const type of ['keydown', 'keyup', 'pointerdown', 'click', 'wheel'])
      window.addEventListener(type, listener)
    const inspector = mount()
    inspector.focus()
    await userEvent.keyboard('{ArrowRight}')
    await userEvent.click(button(inspector, 'Memory'))
    // A key that was pressed before may be let go here: the game must get that.
    expect(heard).toEqual(['keyup'])
    for (const type of ['keydown', 'keyup', 'pointerdown', 'click', 'wheel'])
      window.removeEventListener(type, listener)
  })

  it('moves the edge on every side', async () => {
    const inspector = mount()
    const edge = one(inspector, '.edge')
    const height = (): number => inspector.element.clientHeight
    const before = height()
    edge.focus()
    await userEvent.keyboard('{ArrowUp}{ArrowUp}')
    expect(height()).toBe(Math.min(innerHeight, before + 48))
    expect(edge.ariaValueNow).toBe(String(height()))
    button(inspector, 'Dock at the right').click()
    expect(edge.ariaOrientation).toBe('vertical')
    expect(height()).toBe(innerHeight)
    const width = inspector.element.clientWidth
    edge.focus()
    await userEvent.keyboard('{ArrowRight}')
    expect(inspector.element.clientWidth).toBe(width - 24)
    button(inspector, 'Float').click()
    const { left, top } = inspector.element.getBoundingClientRect()
    edge.focus()
    await userEvent.keyboard('{Shift>}{ArrowDown}{ArrowRight}{/Shift}')
    const moved = inspector.element.getBoundingClientRect()
    expect([moved.left - left, moved.top - top]).toEqual([24, 24])
  })
})

describe('the pointer', () => {
  /** Somewhere to drag to: 10 × 10 pixels, the middle of which is at x, y. */
  function spot(x: number, y: number): HTMLElement {
    const place = document.body.appendChild(document.createElement('div'))
    place.style.cssText = `position: fixed; width: 10px; height: 10px; left: ${x - 5}px; top: ${y - 5}px`
    return place
  }

  it('drags the edge', async () => {
    const inspector = mount()
    await userEvent.dragAndDrop(one(inspector, '.edge'), spot(200, 100))
    expect(inspector.element.getBoundingClientRect().top).toBeCloseTo(100, -1)
    expect(inspector.element.getBoundingClientRect().bottom).toBe(innerHeight)
  })

  it('drags a floating panel by its header', async () => {
    const inspector = mount({ dock: 'float' })
    const title = one(inspector, 'header .cost')
    title.textContent = 'costs nothing'
    const grip = title.getBoundingClientRect()
    const { left, top } = inspector.element.getBoundingClientRect()
    await userEvent.dragAndDrop(title, spot(120, 200))
    const moved = inspector.element.getBoundingClientRect()
    expect(moved.top - top).toBeCloseTo(200 - (grip.top + grip.height / 2), -1)
    expect(moved.left - left).toBeCloseTo(120 - (grip.left + grip.width / 2), -1)
  })
})

describe('cost', () => {
  /** Listeners on frames now. */
  function countListeners(): () => number {
    let count = 0
    const on = g.mk.on.bind(g.mk)
    vi.spyOn(g.mk, 'on').mockImplementation((event, listener) => {
      count++
      const stop = on(event, listener)
      return () => {
        count--
        stop()
      }
    })
    return () => count
  }

  it('is zero while it is closed or disposed of', () => {
    const listeners = countListeners()
    const inspector = mount({ open: false })
    expect(listeners()).toBe(0)
    inspector.open()
    expect(listeners()).toBe(1)
    inspector.close()
    expect(listeners()).toBe(0)
    inspector.open()
    inspector.dispose()
    expect(listeners()).toBe(0)
    inspector.open()
    expect([inspector.isOpen, inspector.isDisposed, listeners()]).toEqual([false, true, 0])
  })

  it('includes no element, listener, timer or observer after dispose', async () => {
    const balance = new Map<string, number>()
    for (const target of [window, document, document.body, MediaQueryList.prototype])
      for (const [method, step] of [
        ['addEventListener', 1],
        ['removeEventListener', -1],
      ] as const)
        vi.spyOn(target, method).mockImplementation(function (this: EventTarget, ...args: unknown[]) {
          const type = `${Object.prototype.toString.call(this ?? window)} ${String(args[0])}`
          const change = (by: number): void => void balance.set(type, (balance.get(type) ?? 0) + by)
          change(step)
          // An aborted signal removes the listener, too.
          const options = args[2] as AddEventListenerOptions | undefined
          if (step === 1) options?.signal?.addEventListener('abort', () => change(-1))
          EventTarget.prototype[method].apply(this ?? window, args as never)
        })
    const timers = new Set<unknown>()
    const { setInterval, clearInterval } = globalThis
    vi.spyOn(globalThis, 'setInterval').mockImplementation((...args) => {
      const timer = setInterval(...args)
      timers.add(timer)
      return timer
    })
    vi.spyOn(globalThis, 'clearInterval').mockImplementation((timer) => {
      timers.delete(timer)
      clearInterval(timer)
    })
    const before = document.documentElement.outerHTML
    const inspector = mount({ tab: 'frames' })
    g.frame()
    g.frame()
    inspector.update()
    await vi.waitFor(() => expect(all(inspector, '.plot canvas').length).toBe(3))
    for (const tab of ['components', 'memory', 'rows'] as const) inspector.tab = tab
    expect(timers.size).toBe(1)
    expect([...balance.values()].some((count) => count > 0)).toBe(true)
    inspector.dispose()
    expect(timers.size).toBe(0)
    expect(document.documentElement.outerHTML).toBe(before)
    expect(document.adoptedStyleSheets.length).toBe(0)
    expect([...balance].filter(([, count]) => count !== 0)).toEqual([])
    // Frames continue.
    g.frame()
    expect(g.mk.report.frame).toBe(3)
  })

  it('is reported in the panel', async () => {
    const inspector = mount({ hz: 50 })
    for (let i = 0; i < 30; i++) {
      g.frame()
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    expect(inspector.cost.msPerSecond).toBeGreaterThan(0)
    expect(one(inspector, '.cost').textContent).toMatch(/^takes \d+\.\d ms\/s$/)
  })

  it('ends when the sync is disposed', async () => {
    const inspector = mount()
    g.mk.dispose()
    await vi.waitFor(() => expect(inspector.isDisposed).toBe(true))
    expect(inspector.element.isConnected).toBe(false)
  })

  it('can be released by `using`', () => {
    const inspector = mount()
    inspector[Symbol.dispose]()
    expect(inspector.isDisposed).toBe(true)
    inspector.dispose()
  })
})
