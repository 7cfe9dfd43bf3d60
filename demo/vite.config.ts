import { defaultClientConditions, defineConfig } from 'vite'

// The packages are taken from their sources, so that an edit in packages/ reaches the page without a build.
export default defineConfig({
  base: './',
  resolve: { conditions: ['@memkit/source', ...defaultClientConditions] },
})
