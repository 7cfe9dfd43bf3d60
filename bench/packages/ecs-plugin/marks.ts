// What saying which rows changed costs: one by one, by a list, by a range. `npm run bench -- --only marks`
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, query } from 'bitecs'
import { interleave, table } from '../../interleave.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 51 : 401
const sizes = quick ? [100_000] : [10_000, 100_000]

console.log(
  `Marks of a component with \`Float32Array\` columns, ns a row; medians of ${rounds} rounds in turn\n`,
)
const lines: string[][] = []
for (const size of sizes) lines.push(...(await marksOf(size)))
table(['entities', 'marked', 'mark each', 'mark a list', 'markRange', 'markAll'], lines)

async function marksOf(size: number): Promise<string[][]> {
  const world = createWorld()
  const Thing = GpuSynced({ x: new Float32Array(size + 1) }, { label: 'Thing', changes: 'marked' })
  const entities = Array.from({ length: size }, () => addEntity(world))
  for (const entity of entities) addComponent(world, entity, Thing)
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
  const lists = [
    ['all', Uint32Array.from(query(world, [Thing]))],
    [
      '1 % random',
      Uint32Array.from({ length: size / 100 }, () => entities[Math.floor(Math.random() * size)]),
    ],
  ] as const
  const lines: string[][] = []
  for (const [name, list] of lists) {
    const ways = [
      () => {
        for (let i = 0; i < list.length; i++) mk.mark(Thing, list[i])
      },
      () => mk.mark(Thing, list),
      () => mk.markRange(Thing, entities[0], list.length),
      () => mk.markAll(Thing),
    ]
    const each = [list.length, list.length, list.length, size]
    const times = await interleave(
      ways.map((mark, way) => () => {
        mk.beginFrame()
        const start = performance.now()
        mark()
        const took = ((performance.now() - start) * 1e6) / each[way]
        mk.endFrame()
        return took
      }),
      rounds,
      20,
    )
    lines.push([size.toLocaleString('en'), name, ...times.map(({ median }) => median.toFixed(2))])
  }
  mk.dispose()
  return lines
}
