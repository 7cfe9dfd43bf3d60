// node scripts/release-version.mjs v1.2.3: fails unless every package that is published has this version, and no changeset waits.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './install.mjs'
import { published } from './pack.mjs'

const tag = process.argv[2] ?? ''
const problems = published()
  .map((folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')))
  .filter(({ version }) => `v${version}` !== tag)
  .map(({ name, version }) => `${name} has version ${version}, the tag is "${tag}".`)
const waiting = readdirSync(join(root, '.changeset')).filter(
  (file) => file.endsWith('.md') && file !== 'README.md',
)
if (waiting.length > 0) problems.push(`Changesets wait: ${waiting.join(', ')}. Run npm run version-packages.`)
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
