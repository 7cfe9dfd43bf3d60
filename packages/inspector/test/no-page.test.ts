import { attachMk } from '@memkit/ecs-plugin'
import { createWorld } from 'bitecs'
import { expect, it, vi } from 'vitest'
import { mountInspector } from '../src/index.ts'

it('can be imported without a page, and reports that it needs one', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const mk = await attachMk(createWorld())
  expect(() => mountInspector(mk)).toThrow(/needs a document/)
  mk.dispose()
})
