// A second copy of the packages, as a dev server makes one when it pre-bundles some of them and not others: `?second-copy` behind an
// import gives modules of their own, and so does whatever they import of ours.
import type { Plugin } from 'vite'

const query = '?second-copy'

/** Whether a module is one of ours, by the way it was imported. */
function isOurs(source: string): boolean {
  return source.startsWith('.') || source.startsWith('@memkit/')
}

/** For Vite and Vitest: imports that end in `?second-copy` are modules apart from those without. */
export function secondCopy(): Plugin {
  return {
    name: 'memkit:second-copy',
    enforce: 'pre',
    async resolveId(source, importer, options) {
      const asked = source.endsWith(query)
      if (!asked && !(importer?.endsWith(query) === true && isOurs(source))) return undefined
      const plain = asked ? source.slice(0, -query.length) : source
      const resolved = await this.resolve(plain, importer?.replace(query, ''), { ...options, skipSelf: true })
      return resolved === null ? undefined : `${resolved.id}${query}`
    },
  }
}
