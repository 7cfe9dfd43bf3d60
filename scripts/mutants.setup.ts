import fc from 'fast-check'
import { beforeEach } from 'vitest'

// Each bug costs the time of every test that reaches it: properties try as much as a moment allows, always the same.
fc.configureGlobal({ seed: 1, interruptAfterTimeLimit: 100 })

/** Tests that take long and find little that others don't, or that measure instrumented code. */
const skipped =
  /garbage|runs every case|a big (?:copy|write) arrives|copies big ranges|200 000 rows|memory of WebAssembly|whichever call of a frame|shares? a heap between mirrors|frees the memory of mirrors that grow|stops no frame|2 000 queries|more handles than a table has|more than 2²⁰ values/

beforeEach(({ task, skip }) => skip(skipped.test(task.name)))
