import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { expect, it } from 'vitest'
import { attachMk, GpuSynced, loadColumns } from '../src/index.ts'

// In a file of its own: once the code for columns is loaded, it stays.

it('leaves columns out of frames, with ColumnsLoading for who asks, until their code is there', async () => {
  const world = createWorld()
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
  const Body = GpuSynced({ x: new Float32Array(4) }, { label: 'Body', layout: 'columns' })
  const entity = addEntity(world)
  addComponent(world, entity, Body)
  Body.x[entity] = 7
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  expect(() => mk.buffer(Body)).toThrowError(
    expect.objectContaining({ code: 'ColumnsLoading', component: 'Body' }),
  )
  frame()
  expect(mk.synced()).toEqual([])
  await loadColumns()
  frame()
  expect(mk.synced()).toHaveLength(1)
  expect([...new Float32Array(await mk.buffer(Body).read())]).toEqual([0, 7])
  mk.dispose()
})
