import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { attachMk, f32, GpuSynced, struct, type MkSync } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The user's strings never become code: not JavaScript, and not WGSL unless they are valid names.

describe('WGSL', () => {
  const gpu = new MkGpu(new DummyBackend())
  const world = createWorld()
  const Thing = GpuSynced({ x: new Float32Array(4) }, { label: 'Thing' })
  const Flat = GpuSynced({ x: new Float32Array(4) }, { label: 'Flat', layout: 'columns' })
  let mk: MkSync<object>
  beforeAll(async () => {
    addComponent(world, addEntity(world), Thing)
    mk = await attachMk(world, { gpu, heapBytes: 1 << 20 })
  })
  afterAll(() => {
    mk.dispose()
    gpu.destroy()
  })

  /** Every place at which a string gets into a shader; what each makes of a name that is one, and where it stands in it. */
  const places: readonly [place: string, made: (name: string) => string, text: (name: string) => string][] = [
    ['a field', (name) => struct({ [name]: f32 }).wgsl('S'), (name) => `struct S {\n  ${name}: f32,\n}`],
    ['a struct', (name) => struct({ a: f32 }, name).wgsl(), (name) => `struct ${name} {\n  a: f32,\n}`],
    [
      'what a struct is called',
      (name) => struct({ a: f32 }).wgsl(name),
      (name) => `struct ${name} {\n  a: f32,\n}`,
    ],
    [
      'a struct in a struct',
      (name) => struct({ inner: struct({ a: f32 }, name) }).wgsl('Outer_'),
      (name) => `struct ${name} {\n  a: f32,\n}\n\nstruct Outer_ {\n  inner: ${name},\n}`,
    ],
    [
      'a variable',
      (name) => mk.buffer(Thing).wgsl(0, 0, { name }),
      (name) =>
        `struct Thing {\n  x: f32,\n}\n@group(0) @binding(0) var<storage, read> ${name}: array<Thing>;\n` +
        `fn ${name}Row(row: u32) -> Thing {\n  return ${name}[row];\n}\n`,
    ],
    [
      'functions that read columns',
      (name) => mk.buffer(Flat).wgsl(0, 0, { name }),
      (name) =>
        `struct Flat {\n  x: f32,\n}\n@group(0) @binding(0) var<storage, read> ${name}Words: array<f32>;\n` +
        `fn ${name}_x(row: u32) -> f32 {\n  return ${name}Words[row];\n}\n` +
        `fn ${name}Row(row: u32) -> Flat {\n  return Flat(${name}_x(row));\n}\n` +
        `fn ${name}Capacity() -> u32 {\n  return arrayLength(&${name}Words) / 4u * 4u;\n}\n`,
    ],
    [
      'the label of a query',
      (name) => {
        const query = mk.query([Thing], { label: name })
        try {
          return query.indices.wgsl(0, 0, name === '' ? {} : { name: query.label })
        } finally {
          query.dispose()
        }
      },
      (name) =>
        `@group(0) @binding(0) var<storage, read> ${name}: array<u32>;\n` +
        `fn ${name}Has(i: u32) -> bool {\n  return i < arrayLength(&${name}) && ${name}[i] != 0xffffffffu;\n}\n`,
    ],
  ]

  const attacks = [
    '',
    'a: f32, b',
    'x; }\n@compute fn f() {} struct Y {',
    'x//',
    '/**/x',
    'x y',
    'x\u2028y',
    'x\u0000',
    '`',
    '${x}',
    'x<u32>',
    '__x',
    'fn',
    'а b',
  ]

  describe.each(places)('%s', (_, made, text) => {
    it.each(attacks)('is not called %j', (name) => {
      expect(() => made(name)).toThrow(expect.objectContaining({ code: 'InvalidIdentifier' }))
    })

    it('gets the given name, or is refused', () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string({ unit: 'grapheme' }),
            fc.string({ unit: fc.constantFrom('a', 'Z', '_', '9', 'é', '速', '-', ';', '{', '}') }),
          ),
          (name) => {
            let shader: string
            try {
              shader = made(name)
            } catch (error) {
              // A query and the buffer it lists have other rules for names that are taken.
              expect(error).toMatchObject({
                code: expect.stringMatching(/^(InvalidIdentifier|ReservedField)$/) as string,
              })
              return
            }
            expect(shader).toBe(text(name))
            expect(name).toMatch(/^[\p{XID_Start}_]\p{XID_Continue}*$/u)
          },
        ),
        { numRuns: 500 },
      )
    })
  })

  it("refuses a component whose label isn't a name", () => {
    for (const label of attacks)
      expect(() => GpuSynced({ x: new Float32Array(4) }, { label })).toThrow(
        expect.objectContaining({ code: 'InvalidIdentifier' }),
      )
  })

  it('refuses a component whose columns have invalid names', () => {
    for (const name of attacks)
      expect(() => GpuSynced({ [name]: new Float32Array(4) })).toThrow(
        expect.objectContaining({ code: 'InvalidIdentifier' }),
      )
  })
})

describe('JavaScript', () => {
  it('is never compiled from strings: everything runs where that is forbidden', async () => {
    const program = new URL('hygiene/leave-nothing.node.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--disallow-code-generation-from-strings',
        '--conditions=@memkit/source',
        '--import=tsx',
        program,
        'back-off',
      ],
      { timeout: 25_000 },
    )
    expect(JSON.parse(stdout)).toMatchObject({ after: 0 })
  }, 30_000)
})
