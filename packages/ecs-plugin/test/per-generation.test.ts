import { expect, it } from 'vitest'
import { perGeneration } from '../src/index.ts'

it('calls the function at first use, and again only when a source was replaced', () => {
  const [a, b] = [{ generation: 1 }, { generation: 5 }]
  let made = 0
  const thing = perGeneration([a, b], () => ({ number: ++made }))
  expect(made).toBe(0)
  const first = thing()
  expect(thing()).toBe(first)
  b.generation++
  expect(thing()).toEqual({ number: 2 })
  a.generation++
  b.generation++
  expect(thing()).toEqual({ number: 3 })
  expect(thing()).toEqual({ number: 3 })
})

it('tries again after the function threw', () => {
  const source = { generation: 1 }
  let fail = true
  const thing = perGeneration([source], () => {
    if (fail) throw new Error('not yet')
    return 'made'
  })
  expect(thing).toThrow('not yet')
  fail = false
  expect(thing()).toBe('made')
})

it('calls the function once without sources', () => {
  let made = 0
  const thing = perGeneration([], () => ++made)
  expect([thing(), thing()]).toEqual([1, 1])
})
