// Builds the pages that run on the site: the game, examples, the starter and the doctor. They work below any path.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build, defaultClientConditions } from 'vite'

/** What runs on the site: the folder of its pages, and which of them. @type {Record<string, [folder: string, ...pages: string[]]>} */
const LIVE = {
  demo: ['demo', 'index.html'],
  examples: ['examples', 'three.html', 'three-instances.html', 'three-webgl.html', 'typegpu.html'],
  starter: ['examples/starter', 'index.html'],
  replay: ['site/replay', 'index.html'],
  doctor: ['site/doctor', 'index.html'],
}

/**
 * @param {string} root
 * @param {string} out
 */
export async function buildLivePages(root, out) {
  for (const [name, [folder, ...pages]] of Object.entries(LIVE)) {
    const place = join(root, folder)
    await build({
      root: place,
      configFile: false,
      base: './',
      logLevel: 'error',
      resolve: { conditions: ['@memkit/source', ...defaultClientConditions] },
      build: {
        outDir: join(out, name),
        emptyOutDir: true,
        chunkSizeWarningLimit: 2000,
        rolldownOptions: { input: pages.map((page) => join(place, page)) },
      },
    })
    if (readdirSync(join(out, name)).length === 0) throw new Error(`${folder} built nothing`)
  }
}
