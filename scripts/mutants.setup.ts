import { beforeEach } from 'vitest'

// Instrumented code makes garbage.
beforeEach(({ task, skip }) => skip(task.name.includes('garbage')))
