// What bringing positions to three.js takes of the calling thread, before it renders: @memkit/three beside setMatrixAt and the columns
// themselves as attributes. Run as: npx tsx --conditions=@memkit/source bench/packages/three/instances.ts
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { SyncedInstances, SyncedMesh, threeGpu } from '@memkit/three'
import { addComponent, addEntity, createWorld, query, type World } from 'bitecs'
import { BoxGeometry, InstancedBufferAttribute, InstancedMesh, Matrix4, MeshBasicMaterial } from 'three'
import { inTurn, type Candidate } from '../core/in-turn.ts'

const geometry = new BoxGeometry()
const material = new MeshBasicMaterial()

interface Game {
  readonly world: World
  readonly Position: Record<'x' | 'y' | 'z', Float32Array>
}

function game(count: number): Game {
  const column = (): Float32Array => new Float32Array(count + 1)
  const Position = { x: column(), y: column(), z: column() }
  const world = createWorld()
  for (let i = 0; i < count; i++) addComponent(world, addEntity(world), Position)
  return { world, Position }
}

/** Moves a share of all, other ones in each frame. Not timed. */
function mover({ world, Position }: Game, share: number): () => void {
  let frame = 0
  return () => {
    const entities = query(world, [Position])
    const count = Math.round(entities.length * share)
    frame++
    for (let i = 0; i < count; i++) {
      const e = entities[(i * 97 + frame * 31) % entities.length]
      Position.x[e] += 0.01
      Position.y[e] += 0.02
    }
  }
}

async function synced(name: string, count: number, share: number): Promise<Candidate> {
  const it = game(count)
  const Position = GpuSynced(it.Position)
  const mk = await attachMk(it.world, { gpu: threeGpu(), components: [Position] })
  const options = { query: [Position] }
  const columns = { x: [Position, 'x'], y: [Position, 'y'], z: [Position, 'z'] } as const
  const drawn =
    name === 'SyncedMesh'
      ? new SyncedMesh(mk, geometry, material, { ...options, attributes: { place: Position } })
      : name === 'SyncedMesh of columns'
        ? new SyncedMesh(mk, geometry, material, { ...options, attributes: columns, instances: 'entity' })
        : new SyncedInstances(mk, geometry, material, { ...options, position: Position })
  const move = mover(it, share)
  return {
    name,
    prepare() {
      mk.beginFrame()
      move()
    },
    run() {
      mk.endFrame()
      if (drawn.count < count) throw new Error(`${name} draws ${drawn.count} of ${count} entities`)
    },
  }
}

function setMatrixAt(count: number, share: number): Candidate {
  const it = game(count)
  const { world, Position } = it
  const mesh = new InstancedMesh(geometry, material, count)
  const matrix = new Matrix4()
  return {
    name: 'setMatrixAt',
    prepare: mover(it, share),
    run() {
      const entities = query(world, [Position])
      for (let i = 0; i < entities.length; i++) {
        const e = entities[i]
        mesh.setMatrixAt(i, matrix.setPosition(Position.x[e], Position.y[e], Position.z[e]))
      }
      mesh.count = entities.length
      mesh.instanceMatrix.needsUpdate = true
    },
  }
}

function columns(count: number, share: number): Candidate {
  const it = game(count)
  const attributes = Object.values(it.Position).map((column) => new InstancedBufferAttribute(column, 1))
  return {
    name: 'columns',
    prepare: mover(it, share),
    run() {
      for (const attribute of attributes) attribute.needsUpdate = true
    },
  }
}

for (const count of [5_000, 50_000])
  for (const share of [1, 0.01]) {
    const candidates = [
      columns(count, share),
      await synced('SyncedMesh of columns', count, share),
      await synced('SyncedMesh', count, share),
      setMatrixAt(count, share),
      await synced('SyncedInstances', count, share),
    ]
    inTurn(candidates, 2000) // warms up
    const timings = inTurn(candidates, 6000)
    const said = timings.map(({ name, median }) => `${name} ${median.toFixed(3)} ms`).join(', ')
    console.log(`${count} entities, ${share * 100} % move: ${said}`)
  }
