import * as plugin from '@memkit/ecs-plugin'
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import * as three from '@memkit/three'
import * as react from '@memkit/react'
import { MkProvider, NoMkProvider, useMk } from '@memkit/react'
import * as fiber from '@memkit/react/fiber'
import { SyncedInstances, SyncedMesh, useMkFrame } from '@memkit/react/fiber'
import { describeBadInput, ownErrors } from '@memkit/testing/bad-input'
import { createWorld } from 'bitecs'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { BoxGeometry, Material } from 'three'
import { expect, it } from 'vitest'

const Position = GpuSynced({ x: new Float32Array(8) })

it('renders the fallback on a server, and attaches nothing', async () => {
  const world = createWorld()
  const html = renderToString(createElement(MkProvider, { world, fallback: 'Loading' }, 'Game'))
  expect(html).toBe('Loading')
  const mk = await attachMk(world, { gpu: three.threeGpu() })
  mk.dispose()
})

it('shows what is inside with a sync made elsewhere, and the fallback before', async () => {
  const mk = await attachMk(createWorld(), { gpu: three.threeGpu(), components: [Position] })
  function Rows() {
    return `${useMk() === mk} ${useMk().buffer(Position).rows}`
  }
  const html = (given: typeof mk | undefined): string =>
    renderToString(
      createElement(MkProvider, { mk: given as never, fallback: 'Loading' }, createElement(Rows)),
    )
  expect(html(mk)).toBe('true 0')
  expect(html(undefined)).toBe('Loading')
  expect(mk.isDisposed).toBe(false)
  mk.dispose()
})

async function bench() {
  const mk = await attachMk(createWorld(), { gpu: three.threeGpu(), components: [Position] })
  const render = (use: () => unknown): string => {
    const Uses = () => String(use() !== undefined)
    return renderToString(createElement(Uses))
  }
  return {
    mk,
    render,
    state: () => [mk.queries().length, mk.gpu.leaks().length],
    works() {
      const Asks = () => String(useMk() === mk)
      expect(renderToString(createElement(MkProvider, { mk }, createElement(Asks)))).toBe('true')
    },
    end: () => mk.dispose(),
  }
}

describeBadInput(
  ownErrors({ ...react, ...fiber }, plugin, three),
  bench,
  [
    ['useMk outside of a provider', NoMkProvider, ({ render }) => render(useMk), { hook: 'useMk()' }],
    [
      'useMkFrame outside of a provider',
      NoMkProvider,
      ({ render }) => render(() => useMkFrame(() => {})),
      { hook: 'useMkFrame()' },
    ],
    [
      'a mesh outside of a provider',
      NoMkProvider,
      () => {
        const props = { query: [Position], geometry: new BoxGeometry(), material: new Material() }
        return renderToString(createElement(SyncedMesh, props))
      },
      { hook: '<SyncedMesh>' },
    ],
    [
      'instances outside of a provider',
      NoMkProvider,
      () => {
        const drawn = { geometry: new BoxGeometry(), material: new Material() }
        return renderToString(
          createElement(SyncedInstances, { query: [Position], position: Position, ...drawn }),
        )
      },
      { hook: '<SyncedInstances>' },
    ],
  ],
  {},
)
