import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { chromiumArgs, findChromium } from './scripts/chromium.mjs'
import { softwareVulkanEnv } from './scripts/vulkan.mjs'
import { secondCopy } from './tests/second-copy-plugin.ts'

const source = '@memkit/source'
/** Makes `@memkit/testing/place` open devices of Dawn. */
const dawn = '@memkit/dawn'

/** Tests by what stands before `.test.ts` in the names of their files, which says where they run (CONTRIBUTING.md). */
function named(...kinds: readonly string[]): string[] {
  return kinds.flatMap((kind) => [`packages/*/test/**/*.${kind}.test.ts`, `tests/**/*.${kind}.test.ts`])
}

export default defineConfig({
  plugins: [secondCopy()],
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: {
    resolve: {
      conditions: [source, ...defaultServerConditions],
      externalConditions: [source, 'node'],
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...named('dawn', 'browser', 'device', 'e2e'), '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['packages/*/test/**/*.test-d.ts', 'tests/**/*.test-d.ts'],
            tsconfig: './tsconfig.dev.json',
          },
        },
      },
      {
        extends: true,
        ssr: { resolve: { conditions: [dawn], externalConditions: [dawn] } },
        test: {
          name: 'dawn',
          include: named('dawn', 'device', 'node', 'everywhere'),
          // Driver variables reach the Vulkan loader in a forked process only, never in a thread.
          pool: 'forks',
          isolate: false,
          env: softwareVulkanEnv(),
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          // A whole browser on a busy machine: what fails once and then holds is the machine's doing.
          retry: process.env['CI'] ? 1 : 0,
          include: named('e2e'),
          // Whole programs in Chromium, drawn in software: one file at a time, and slow where other projects run beside them.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        // Cross-origin isolation: pages have a SharedArrayBuffer only with these.
        server: {
          headers: {
            'Cross-Origin-Opener-Policy': 'same-origin',
            'Cross-Origin-Embedder-Policy': 'require-corp',
          },
        },
        // Found before the first test, or the page reloads in the middle of one.
        optimizeDeps: {
          include: [
            ...[
              'bitecs',
              'bitecs/legacy',
              'bitecs/serialization',
              'koota',
              'three',
              'three/tsl',
              'three/webgpu',
              'uplot',
            ],
            ...['react', 'react-dom', 'react-dom/client', '@react-three/fiber'],
          ],
        },
        test: {
          name: 'browser',
          include: named('browser', 'device', 'everywhere'),
          // How often the soak attaches a world (`npm run soak -- --attach 2000`).
          env: { MEMKIT_ATTACH: process.env['MEMKIT_ATTACH'] ?? '' },
          testTimeout: 30_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: findChromium(), args: chromiumArgs },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
