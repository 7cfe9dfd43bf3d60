// A system's loop over many columns, in the heap and elsewhere: `npm run stagger -w bench`.
// --chromium: in Chromium too. --quick: fewer rounds.
import { BenchPage } from '../../chromium.ts'
import { thisMachine } from '../../machine.ts'
import { stagger, type StaggerCell } from '../../programs/stagger.ts'

const quick = process.argv.includes('--quick')

function print(title: string, cells: readonly StaggerCell[]): void {
  const names = cells[0].places.map(({ name }) => name)
  console.log(`\n${title}: ns per entity, ÷ columns that lie apart (95 % interval)\n`)
  console.log(`| columns | capacity | ${names.join(' | ')} |`)
  console.log(`| ---: | ---: |${' ---: |'.repeat(names.length)}`)
  for (const { columns, capacity, places } of cells) {
    const figures = places.map(({ ns, ratio }, i) => {
      const time = ns?.median.toFixed(1) ?? '–'
      if (i === 0 || ratio === undefined) return time
      return `${time}, ${ratio.ratio.toFixed(2)} (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`
    })
    console.log(`| ${columns} | ${capacity} | ${figures.join(' | ')} |`)
  }
}

const { processor, cores, node } = thisMachine(undefined)
console.log(`${processor}, ${cores} cores`)
print(`Node ${node}`, await stagger(undefined, { quick, progress: () => {} }))
if (process.argv.includes('--chromium')) {
  const page = await BenchPage.open()
  const { data } = await page.run('stagger', quick, () => {})
  print(`Chromium ${page.version}`, data as StaggerCell[])
  await page.close()
}
