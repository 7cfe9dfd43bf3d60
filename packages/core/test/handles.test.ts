import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Handles, HandlesFull, type Handle } from '@memkit/core/allocator'

describe('Handles', () => {
  it('finds values by handle', () => {
    const names = new Handles<string>()
    const ada = names.insert('Ada')
    const bob = names.insert('Bob')
    expect([names.get(ada), names.get(bob), names.size]).toEqual(['Ada', 'Bob', 2])
    expect(names.remove(ada)).toBe('Ada')
    expect([names.get(ada), names.has(ada), names.get(bob), names.size]).toEqual([undefined, false, 'Bob', 1])
  })

  it('resolves a stale handle to undefined, even when its slot is reused', () => {
    const names = new Handles<string>()
    const stale = names.insert('Ada')
    names.remove(stale)
    const next = names.insert('Bob')
    expect(next).not.toBe(stale)
    expect(names.get(stale)).toBeUndefined()
    expect(names.remove(stale)).toBeUndefined()
    expect(names.get(next)).toBe('Bob')
  })

  it('has the documented bit layout: index below, generation above', () => {
    const table = new Handles<number>()
    const first = table.insert(1)
    const second = table.insert(2)
    const parts = (handle: number) => ({ generation: handle >>> 20, index: handle & 0xfffff })
    expect([parts(first), parts(second)]).toEqual([
      { generation: 1, index: 0 },
      { generation: 1, index: 1 },
    ])
    table.remove(first)
    const next = ((2 << 20) | 0) as Handle<number>
    expect(table.knows(next)).toBe(false)
    expect(table.insert(3)).toBe(next)
    expect(table.knows(next)).toBe(true)
  })

  it('retires a slot after 1 023 generations, so that no old handle becomes valid again', () => {
    const table = new Handles<number>()
    const all: Handle<number>[] = []
    for (let i = 0; i < 1024; i++) {
      const handle = table.insert(i)
      all.push(handle)
      table.remove(handle)
    }
    expect(new Set(all).size).toBe(1024)
    expect(all[1022] & 0xfffff).toBe(0)
    expect(all[1023] & 0xfffff).toBe(1)
    // The last one fits 30 bits.
    expect(all[1022]).toBe(2 ** 30 - 2 ** 20)
    expect(all.every((handle) => table.get(handle) === undefined)).toBe(true)
    expect(all.every((handle) => table.knows(handle))).toBe(true)
  })

  it('iterates over all values, which may be removed meanwhile', () => {
    const table = new Handles<string>()
    const handles = ['a', 'b', 'c'].map((value) => table.insert(value))
    table.remove(handles[1])
    const seen: [string, Handle<string>][] = []
    table.forEach((value, handle) => {
      seen.push([value, handle])
      table.remove(handle)
    })
    expect(seen).toEqual([
      ['a', handles[0]],
      ['c', handles[2]],
    ])
    expect(table.size).toBe(0)
  })

  it('keeps undefined as a value', () => {
    const table = new Handles<undefined>()
    const handle = table.insert(undefined)
    expect([table.has(handle), table.size]).toEqual([true, 1])
    table.remove(handle)
    expect([table.has(handle), table.size]).toEqual([false, 0])
  })

  it('refuses more than 2²⁰ values', () => {
    const table = new Handles<number>()
    let last = table.insert(0)
    for (let i = 1; i < 2 ** 20; i++) last = table.insert(i)
    expect(() => table.insert(-1)).toThrow(HandlesFull)
    expect([table.size, table.get(last)]).toEqual([2 ** 20, 2 ** 20 - 1])
    table.remove(last)
    expect(table.get(table.insert(-1))).toBe(-1)
  })

  const nobodys = [
    0,
    1,
    -1,
    0.5,
    Number.NaN,
    Infinity,
    2 ** 20 + 0.5,
    2 ** 30,
    2 ** 32 + 2 ** 20,
    2 ** 21,
    2 ** 20 + 1,
  ]
  it.each(nobodys)('finds nothing for %d', (value) => {
    const table = new Handles<string>()
    const handle = table.insert('only')
    const fake = value as Handle<string>
    expect([table.get(fake), table.has(fake), table.remove(fake), table.knows(fake)]).toEqual([
      undefined,
      false,
      undefined,
      false,
    ])
    expect([table.get(handle), table.knows(handle)]).toEqual(['only', true])
  })

  it('agrees with a Map of everything ever inserted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant('insert' as const), fc.nat(200)), { maxLength: 200 }),
        (steps) => {
          const table = new Handles<number>()
          const model = new Map<Handle<number>, number | undefined>()
          let serial = 0
          for (const step of steps) {
            if (step === 'insert') {
              const handle = table.insert(++serial)
              expect(model.has(handle)).toBe(false)
              model.set(handle, serial)
            } else if (model.size > 0) {
              const handle = [...model.keys()][step % model.size]
              expect(table.remove(handle)).toBe(model.get(handle))
              model.set(handle, undefined)
            }
          }
          for (const [handle, value] of model) expect(table.get(handle)).toBe(value)
          expect(table.size).toBe([...model.values()].filter((value) => value !== undefined).length)
        },
      ),
    )
  })
})
