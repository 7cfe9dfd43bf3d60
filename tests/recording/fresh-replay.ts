// A program of its own: prints the checksum of each frame of a recording.
import { readFileSync } from 'node:fs'
import { openReplay } from '@memkit/coordinator/recording'
import { DummyBackend } from '@memkit/gpu/dummy'

const replay = await openReplay(new Uint8Array(readFileSync(process.argv[2])), { gpu: new DummyBackend() })
const sums = [replay.checksum]
while (replay.step()) sums.push(replay.checksum)
console.log(sums.map((sum) => sum.toString(16).padStart(8, '0')).join(' '))
replay.dispose()
