import { bytesPerRow, strideOf, type Schema } from '@memkit/core'
import type { AnyMirror } from '../mirror/any-mirror.ts'
import type { Direction } from '../mirror/mirror-options.ts'
import type { ColumnFormat } from '../sections/column-format.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { DIRECTIONS, HISTORIES, LAYOUTS, Tag } from './format.ts'
import { dataOf, schemaFrom, wgslText } from './schema-data.ts'

/** A mirror's device buffer as a recording describes it. */
export interface MirrorShape {
  /** Names the mirror within the file. */
  readonly id: number
  readonly label: string
  readonly layout: 'rows' | 'columns'
  readonly direction: Direction
  /** `MkBufferUsage` flags. */
  readonly usage: number
  /** Bytes of a unit: of a row, or of a word where the layout is columns. */
  readonly unitBytes: number
  /** Units in the buffer. */
  readonly units: number
  /** In the order of the component; empty where the layout is rows. */
  readonly columns: readonly ColumnFormat[]
  /** WGSL type of a row, where the mirror has one. */
  readonly schema: Schema | undefined
}

const MAX_ID = 0xffff
const MAX_UNIT_BYTES = 1 << 20
const MAX_UNITS = 2 ** 30
const MAX_COLUMNS = 4096

export function shapeOf(id: number, mirror: AnyMirror, units: number): MirrorShape {
  const { label, usage, schema, stride } = mirror
  const hasColumns = 'columns' in mirror
  return {
    id,
    label,
    layout: hasColumns ? 'columns' : 'rows',
    direction: hasColumns ? 'upload' : mirror.direction,
    usage,
    unitBytes: stride,
    units,
    columns: hasColumns ? mirror.columns : [],
    schema,
  }
}

export function writeShape(out: ByteWriter, shape: MirrorShape): void {
  const { id, layout, direction, schema, columns } = shape
  out.u8(Tag.mirror)
  out.varint(id)
  out.u8(LAYOUTS.indexOf(layout))
  out.u8(DIRECTIONS.indexOf(direction))
  out.u8(HISTORIES.indexOf('none'))
  out.varint(shape.usage)
  out.varint(shape.unitBytes)
  out.varint(shape.units)
  out.text(shape.label)
  out.text(schema === undefined ? '' : wgslText(schema))
  out.text(schema === undefined ? '' : JSON.stringify(dataOf(schema)))
  if (layout === 'rows') return
  out.varint(columns.length)
  for (const { name, elementBytes, arity } of columns) {
    out.text(name)
    out.u8(elementBytes)
    out.varint(arity)
  }
}

/** Reads a mirror, behind its tag. @throws {@link BadRecording} */
export function readShape(from: ByteReader): MirrorShape {
  const start = from.at
  const id = from.varint('the number of a mirror', MAX_ID)
  const layout = choice(from, 'the layout', LAYOUTS)
  const direction = choice(from, 'the direction', DIRECTIONS)
  if (choice(from, 'the history', HISTORIES) !== 'none')
    from.fail('it has history, which this version does not read')
  const usage = from.varint('the usage')
  const unitBytes = from.varint('the bytes of a row', MAX_UNIT_BYTES)
  const units = from.varint('the number of rows', MAX_UNITS)
  if (unitBytes === 0 || unitBytes % 4 !== 0 || units === 0)
    from.fail(`there are ${units} rows of ${unitBytes} bytes`, start)
  const label = from.text('a label')
  from.text('the schema as WGSL')
  const schema = readSchema(from)
  const columns = layout === 'rows' ? [] : readColumns(from)
  const shape = { id, label, layout, direction, usage, unitBytes, units, columns, schema }
  checkRow(from, start, shape)
  return shape
}

/** Bytes of a row on the device: all its columns together. */
export function rowBytesOf({ layout, unitBytes, columns }: MirrorShape): number {
  return layout === 'rows' ? unitBytes : columns.reduce((bytes, column) => bytes + bytesPerRow(column), 0)
}

/** Tools read rows by their schema: it must fit them. */
function checkRow(from: ByteReader, start: number, shape: MirrorShape): void {
  const { layout, schema, unitBytes } = shape
  if (layout === 'columns') {
    if (unitBytes !== 4) from.fail(`its words have ${unitBytes} bytes`, start)
  } else if (schema !== undefined && strideOf(schema) > unitBytes)
    from.fail(`its rows of ${unitBytes} bytes are too small for its schema`, start)
}

function readSchema(from: ByteReader): Schema | undefined {
  const start = from.at
  const text = from.text('the schema')
  if (text === '') return undefined
  try {
    return schemaFrom(JSON.parse(text))
  } catch (error) {
    return from.fail(`its schema is none (${error instanceof Error ? error.message : 'not JSON'})`, start)
  }
}

function readColumns(from: ByteReader): ColumnFormat[] {
  const count = from.varint('the number of columns', MAX_COLUMNS)
  if (count === 0) from.fail('there are no columns')
  const columns: ColumnFormat[] = []
  for (let i = 0; i < count; i++) {
    const name = from.text('the name of a column')
    const elementBytes = from.u8()
    const arity = from.varint('the arity of a column', 1024)
    if ((elementBytes !== 1 && elementBytes !== 2 && elementBytes !== 4) || arity === 0)
      return from.fail(`column "${name}" has ${arity} elements of ${elementBytes} bytes`)
    columns.push({ name, elementBytes, arity })
  }
  return columns
}

function choice<T>(from: ByteReader, what: string, all: readonly T[]): T {
  const value = all[from.u8()]
  return value ?? from.fail(`${what} isn't one of ${all.join(', ')}`, from.at - 1)
}
