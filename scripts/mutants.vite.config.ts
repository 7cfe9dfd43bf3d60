import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

const source = '@memkit/source'

/**
 * A run ends with the first test that fails: the test named after the changed source comes first, then short ones, which are quick.
 */
class NamesakeFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const [changed = ''] = [this.ctx.config.related ?? []].flat()
    const weight = ({ moduleId }: TestSpecification): number =>
      basename(moduleId).includes(basename(changed, '.ts')) ? 0 : statSync(moduleId).size
    return files.toSorted((a, b) => weight(a) - weight(b))
  }
}

/** The tests that `npm run mutants` runs. */
export default defineConfig({
  ssr: {
    resolve: { conditions: [source, ...defaultServerConditions], externalConditions: [source, 'node'] },
  },
  test: {
    testTimeout: 30_000,
    // Loading modules again for each file costs more than its tests.
    isolate: false,
    sequence: { sequencer: NamesakeFirst },
    include: [process.env['MEMKIT_MUTANTS']!],
    setupFiles: 'scripts/mutants.setup.ts',
    // Devices and pages; kernels, which are compiled from sources that are not instrumented; what takes long and finds little.
    exclude: [
      '**/*.{dawn,browser,device,e2e}.test.ts',
      '**/{generated-kernels,conformance-catches,consumer-types,bundle,misread-stores,large-rows,device-limits}.test.ts',
      '**/node_modules/**',
    ],
  },
})
