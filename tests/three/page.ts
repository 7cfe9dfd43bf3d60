// Draws a world in every way that @memkit/three offers, and counts pixels that differ from what the columns say. The server decides which
// version of three it is.
import { REVISION } from 'three'
import { Looks, type Kind } from './looks.ts'
import { World2d } from './world-2d.ts'
import { drawnBy, type Way } from './ways.ts'

const SIZE = 64

/** Plays a short game. @returns after each step, the pixels that differ */
async function play(way: Way, kind: Kind): Promise<Record<string, number>> {
  const looks = await Looks.open(kind, SIZE)
  const world = await World2d.open(way === 'StorageMesh' ? looks.device : undefined)
  const drawn = drawnBy(way, kind, world, looks.renderer)
  looks.show(drawn)
  const differ: Record<string, number> = {}
  const look = async (step: string): Promise<void> => {
    world.frame()
    differ[step] = await looks.differ(world)
  }
  await look('nothing')
  for (const count of [100, 300, 600]) {
    world.spawnMany(count)
    await look(`${count} more`)
  }
  world.move()
  await look('moved')
  world.hide()
  await look('hidden')
  world.kill()
  await look('killed')
  world.spawnMany(50)
  for (let i = 0; i < 20; i++) {
    world.move()
    world.frame()
  }
  await look('not drawn for 20 frames')
  drawn.dispose()
  world.clear()
  await look('disposed')
  await looks.close()
  world.close()
  return differ
}

declare global {
  var threeVersions: { readonly revision: string; readonly play: typeof play }
}
globalThis.threeVersions = { revision: REVISION, play }
