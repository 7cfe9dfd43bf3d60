import { defineError, type ErrorClass } from '@memkit/core'

/**
 * A mesh was given a sync whose bytes are on a device of its own, where three.js can't get them.
 *
 * What to do: attach the world with `gpu: threeGpu()`. Where a WebGPU device is shared, three's own
 * nodes read the synced buffer: docs/recipes/three.md.
 */
export const NotThreeGpu: ErrorClass<{
  code: 'NotThreeGpu'
  /** What was made. */
  what: string
  /** The backend that the world is on. */
  backend: string
}> = defineError(
  'NotThreeGpu',
  ({ what, backend }) =>
    `${what} draws worlds that were attached with gpu: threeGpu(), and this one is on the ${backend} backend. ` +
    'Attach it with threeGpu(). With a shared WebGPU device, let nodes of three.js read the buffer: docs/recipes/three.md.',
)
export type NotThreeGpu = InstanceType<typeof NotThreeGpu>

/**
 * An attribute names a field that its component doesn't have.
 *
 * What to do: name one of `fields`.
 */
export const UnknownField: ErrorClass<{
  code: 'UnknownField'
  attribute: string
  field: string
  component: string
  /** The fields that there are. */
  fields: string
}> = defineError(
  'UnknownField',
  ({ attribute, field, component, fields }) =>
    `Attribute '${attribute}' asks for field '${field}' of ${component}, which has ${fields}.`,
)
export type UnknownField = InstanceType<typeof UnknownField>

/**
 * A field of another type than an attribute can have: a matrix, an array, an atomic, a struct.
 *
 * What to do: name fields that are numbers or vectors, `[Component, 'field']`.
 */
export const FieldNotDrawable: ErrorClass<{
  code: 'FieldNotDrawable'
  attribute: string
  field: string
  type: string
}> = defineError(
  'FieldNotDrawable',
  ({ attribute, field, type }) =>
    `Attribute '${attribute}' can't hold field '${field}' of type ${type}: attributes hold numbers and vectors. ` +
    `Name other fields, as in { ${attribute}: [Component, 'field'] }.`,
)
export type FieldNotDrawable = InstanceType<typeof FieldNotDrawable>

/**
 * The fields of an attribute have more or fewer numbers than it can have.
 *
 * What to do: name the fields that you need, `[Component, 'x', 'y']`, and spread the others over more attributes.
 */
export const WrongNumberCount: ErrorClass<{
  code: 'WrongNumberCount'
  attribute: string
  /** Numbers per entity. */
  numbers: number
  allowed: string
}> = defineError(
  'WrongNumberCount',
  ({ attribute, numbers, allowed }) =>
    `Attribute '${attribute}' has ${numbers} numbers per entity, and may have ${allowed}. ` +
    "Name the fields that you need, [Component, 'x', 'y'], and spread the others over more attributes.",
)
export type WrongNumberCount = InstanceType<typeof WrongNumberCount>

/**
 * The fields of one attribute are of different kinds, such as floats and integers.
 *
 * What to do: make an attribute of each.
 */
export const MixedNumbers: ErrorClass<{
  code: 'MixedNumbers'
  attribute: string
  first: string
  second: string
}> = defineError(
  'MixedNumbers',
  ({ attribute, first, second }) =>
    `Attribute '${attribute}' mixes ${first} and ${second}. Make an attribute of each.`,
)
export type MixedNumbers = InstanceType<typeof MixedNumbers>

/**
 * With `instances: 'entity'`, an attribute doesn't lie in one column of the ECS that three can upload as
 * it is.
 *
 * What to do: leave `instances` out, which gathers the values; or make an attribute of each column,
 * `[Position, 'x']`, with typed arrays of 32 bits that aren't shared.
 */
export const NotAColumn: ErrorClass<{
  code: 'NotAColumn'
  attribute: string
  reason: string
}> = defineError(
  'NotAColumn',
  ({ attribute, reason }) =>
    `Attribute '${attribute}' can't be a column of the ECS itself: ${reason}. Leave instances: 'entity' out, or make an ` +
    'attribute of each column, with typed arrays of 32 bits that aren’t shared.',
)
export type NotAColumn = InstanceType<typeof NotAColumn>

/**
 * A mesh has more attributes than renderers allow, those of its geometry included.
 *
 * What to do: pack numbers that belong together into one attribute, up to four, or delete attributes
 * of the geometry that no shader reads.
 */
export const TooManyAttributes: ErrorClass<{
  code: 'TooManyAttributes'
  requested: number
  max: number
}> = defineError(
  'TooManyAttributes',
  ({ requested, max }) =>
    `The mesh would have ${requested} attributes, those of its geometry included, and renderers allow ${max}. ` +
    'Pack numbers that belong together into one attribute, or delete attributes of the geometry that no shader reads.',
)
export type TooManyAttributes = InstanceType<typeof TooManyAttributes>

/**
 * An attribute has a name that can't be used: the geometry has it already, or no shader can say it.
 *
 * What to do: give it another name.
 */
export const AttributeNameTaken: ErrorClass<{
  code: 'AttributeNameTaken'
  attribute: string
  reason: string
}> = defineError(
  'AttributeNameTaken',
  ({ attribute, reason }) =>
    `The name '${attribute}' can't be an attribute's: ${reason}. Give it another name.`,
)
export type AttributeNameTaken = InstanceType<typeof AttributeNameTaken>
