import type { SyncedBuffer } from '@memkit/ecs-plugin'
import { DummyBackend } from '@memkit/gpu'
import { ColumnsModel } from './columns-model.ts'
import { InPlaceModel } from './in-place.ts'
import type { ComponentModel } from './model.ts'
import type { Session } from './session.ts'
import type { LivingQuery, Side } from './side.ts'
import { storeSpecs } from '@memkit/testing/stores/zoo'
import { TwoWayModel } from './two-way.ts'

/** Something that is read back, and what must be there. */
interface Read {
  readonly what: string
  readonly bytes: Promise<ArrayBuffer>
  readonly check: (bytes: Uint8Array) => void
}

/** Reads back all that a world has on the device, and compares it with the models. Throws at the first difference. */
export async function compare(session: Session, side: Side): Promise<void> {
  await session.noteLoss()
  if (session.gpu.isLost) return
  const reads: Read[] = []
  for (const [c, model] of side.models.entries())
    if (model.stagedRows > 0) reads.push(...componentReads(session, side, c, model))
  for (const [i, living] of side.queries.entries()) reads.push(...queryReads(session, side, i, living))
  for (const { buffer, offset, words } of side.pieces)
    reads.push({
      what: 'staged piece',
      bytes: side.mk.coordinator.download(buffer, offset, words.byteLength),
      check: (bytes) => expectBytes(bytes, new Uint8Array(words.buffer), 4),
    })
  const { backend } = session.gpu
  if (backend instanceof DummyBackend) {
    backend.finish()
    // What is read out of a buffer counts once the device has confirmed it.
    backend.answer()
  }
  for (const { bytes } of reads) bytes.catch(() => undefined)
  for (const { what, bytes, check } of reads) {
    let found: Uint8Array
    try {
      found = new Uint8Array(await bytes)
    } catch (error) {
      await session.noteLoss()
      if (session.gpu.isLost) return
      throw error
    }
    try {
      check(found)
    } catch (error) {
      throw new Error(`${what}: ${(error as Error).message}`, { cause: error })
    }
    session.tally.bytes += found.length
  }
  session.tally.frames++
}

function componentReads(session: Session, side: Side, c: number, model: ComponentModel): Read[] {
  const { rows, store } = session.setup.components[c]
  const what = `${storeSpecs[store].name}, component ${c}`
  const buffer = side.mk.buffer(session.components[c])
  checkGeneration(side, c, buffer)
  if (rows === 'entity') {
    // One that entered and left between two stages may have been seen, or not.
    if (buffer.rows < model.stagedRows || buffer.rows > model.highest + 1)
      throw new Error(`${what}: ${buffer.rows} rows, expected ${model.stagedRows} to ${model.highest + 1}`)
    if (model instanceof ColumnsModel) {
      const { stride } = storeSpecs[store]
      const check = (found: Uint8Array): void => expectBytes(found, model.expected(found, stride), stride)
      return [{ what, bytes: buffer.read(), check }]
    }
    const bytes = side.mk.coordinator.download(buffer.buffer)
    return [{ what, bytes, check: (found) => checkEntityRows(model, buffer, found) }]
  }
  const bytes = side.mk.coordinator.download(buffer.buffer)
  expectEqual(`${what}: rows`, buffer.rows, model.staged.size)
  const numbers = sorted([...model.staged].map((entity) => buffer.rowOf(entity)))
  expectEqual(`${what}: row numbers`, numbers, [...model.staged].map((_, row) => row).join(' '))
  const reads: Read[] = [{ what, bytes, check: (found) => checkPackedRows(model, buffer, found) }]
  if (side.tables.has(c))
    reads.push({
      what: `${what}: row table`,
      bytes: buffer.rowTable.read(),
      check: (found) => {
        const table = new Uint32Array(found.buffer)
        expectEqual('length', table.length, model.staged.size)
        table.forEach((entity, row) => expectEqual(`row of ${entity}`, buffer.rowOf(entity), row))
      },
    })
  return reads
}

function queryReads(session: Session, side: Side, i: number, living: LivingQuery): Read[] {
  const { query, model, draw, rowsOf } = living
  const what = `query ${i}`
  expectEqual(`${what}: count`, query.count, model.staged.size)
  // Entity rows need no question: an entity that was removed since the stage has none any more.
  const packed = rowsOf !== undefined && session.setup.components[rowsOf].rows === 'packed'
  const rows = packed ? side.mk.buffer(session.components[rowsOf]) : undefined
  const wanted = [...model.staged].map((entity) => rows?.rowOf(entity) ?? entity)
  const reads: Read[] = [
    {
      what,
      bytes: query.indices.read(),
      check: (found) => expectEqual('entities', sorted(new Uint32Array(found.buffer)), sorted(wanted)),
    },
  ]
  if (draw !== undefined && session.gpu.capabilities.indirect)
    reads.push({
      what: `${what}: draw arguments`,
      bytes: side.mk.coordinator.download(query.drawArgs.buffer),
      check: (found) =>
        expectEqual(
          'words',
          [...new Uint32Array(found.buffer)].join(' '),
          draw.with(1, model.staged.size).join(' '),
        ),
    })
  return reads
}

/** Checks that the generation tells owners of bind groups when those are out of date. */
function checkGeneration({ generations }: Side, c: number, { buffer, generation }: SyncedBuffer): void {
  const before = generations.get(c)
  generations.set(c, { buffer, generation })
  if (before !== undefined && before.buffer !== buffer && before.generation === generation)
    throw new Error(`component ${c}: another buffer, but no other generation`)
}

function checkEntityRows(model: ComponentModel, { capacity, stride }: SyncedBuffer, bytes: Uint8Array): void {
  if (model instanceof InPlaceModel) return expectBytes(bytes, model.expected(bytes, stride), stride)
  if (model instanceof TwoWayModel) model.settleReplaced(bytes, stride)
  const expected = new Uint8Array(capacity * stride)
  for (const [entity, row] of model.rows) expected.set(row, entity * stride)
  for (const entity of model.unsure)
    expected.set(bytes.subarray(entity * stride, (entity + 1) * stride), entity * stride)
  expectBytes(bytes, expected, stride)
}

function checkPackedRows(model: ComponentModel, buffer: SyncedBuffer, bytes: Uint8Array): void {
  const { stride, rows, capacity } = buffer
  for (const entity of model.staged) {
    // One that could not be read yet: the error has said so.
    if (model.unread.has(entity) || model.unsure.has(entity)) continue
    const at = buffer.rowOf(entity) * stride
    const expected = model.rows.get(entity) ?? new Uint8Array(stride)
    expectBytes(bytes.subarray(at, at + stride), expected, stride, entity)
  }
  if (model.onRemove === 'zero')
    expectBytes(bytes.subarray(rows * stride), new Uint8Array((capacity - rows) * stride), stride)
}

function sorted(numbers: Iterable<number>): string {
  return [...numbers].sort((a, b) => a - b).join(' ')
}

function expectEqual(what: string, found: string | number, expected: string | number): void {
  if (found !== expected) throw new Error(`${what}: found ${found}, expected ${expected}`)
}

function expectBytes(found: Uint8Array, expected: Uint8Array, stride: number, entity?: number): void {
  if (found.length !== expected.length) throw new Error(`${found.length} bytes, expected ${expected.length}`)
  const at = found.findIndex((byte, i) => byte !== expected[i])
  if (at < 0) return
  const row = Math.floor(at / stride)
  const words = (bytes: Uint8Array): string =>
    [...new Uint32Array(bytes.slice(row * stride, (row + 1) * stride).buffer)]
      .map((word) => word.toString(16))
      .join(' ')
  const whose = entity === undefined ? `row ${row}` : `row of entity ${entity}`
  throw new Error(`${whose}, byte ${at % stride}: found ${words(found)}, expected ${words(expected)}`)
}
