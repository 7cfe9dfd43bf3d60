// Bytes of garbage that a steady frame makes on Dummy. Run by garbage.test.ts with a young generation so big that nothing is collected.
import { MkCoordinator } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'

const strategy = (process.argv[2] ?? 'runs') as 'full' | 'runs' | 'scatter'
const FRAMES = 10_000

const co = new MkCoordinator(new DummyBackend(), { strategy, heapBytes: 64 << 20 })
await co.ready()
const mirrors = [
  co.createMirror({ rows: 2_000, stride: 16 }),
  co.createMirror({ rows: 500, stride: 64 }),
  co.createMirror({ rows: 500, stride: 8 }),
]
const target = { buffer: co.gpu.createDeviceBuffer(256, 0x0008), offset: 16 }

// A listener that came and went leaves nothing behind.
co.on('frame', () => {})()

function run(frames: number): void {
  for (let i = 0; i < frames; i++) {
    co.beginFrame()
    const uniforms = co.frameAlloc(Float32Array, 16)
    uniforms[0] = 1
    co.stageForUpload(uniforms)
    co.stageForUpload(uniforms)
    co.stageForUpload(uniforms, target)
    for (let m = 0; m < 2; m++) {
      const { dirty } = mirrors[m]
      for (let k = 0; k < 20; k++) dirty.set((k * 13 + i) % 500)
    }
    co.endFrame()
  }
}

// The engine compiles first.
run(5_000)
await co.idle()
run(5_000)
await co.idle()
globalThis.gc?.()
const before = process.memoryUsage().heapUsed
run(FRAMES)
const after = process.memoryUsage().heapUsed
console.log(JSON.stringify({ strategy, bytesPerFrame: (after - before) / FRAMES }))
co.dispose()
