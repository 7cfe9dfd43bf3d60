import { attachMk, createApp } from '@memkit/ecs-plugin'
import { attachKoota } from '@memkit/ecs-plugin/koota'
import { createWorld } from 'bitecs'
import { createWorld as createKootaWorld } from 'koota'
import { expectTypeOf, it } from 'vitest'
import { mountInspector, type Inspector } from '../src/index.ts'

it('accepts the sync of any world', async () => {
  expectTypeOf(mountInspector(await attachMk(createWorld()))).toEqualTypeOf<Inspector>()
  expectTypeOf(mountInspector(await attachMk(createWorld({ time: 0 })))).toEqualTypeOf<Inspector>()
  expectTypeOf(mountInspector(await attachKoota(createKootaWorld()))).toEqualTypeOf<Inspector>()
  expectTypeOf(mountInspector(createApp(createWorld()).mk)).toEqualTypeOf<Inspector>()
})

it('can be released by `using`', () => {
  expectTypeOf<Inspector>().toExtend<Disposable>()
})

it('knows its tabs and docks', async () => {
  const mk = await attachMk(createWorld())
  mountInspector(mk, { tab: 'memory', dock: 'float', theme: 'light', open: false, hz: 4, frames: 100 })
  // @ts-expect-error there is no such tab
  mountInspector(mk, { tab: 'sound' })
  // @ts-expect-error nor such an edge
  mountInspector(mk, { dock: 'top' })
})
