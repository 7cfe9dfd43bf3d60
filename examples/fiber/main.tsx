import type { MkOptions } from '@memkit/ecs-plugin'
import { MkProvider, useMk } from '@memkit/react'
import { SyncedInstances, useMkFrame } from '@memkit/react/fiber'
import { threeGpu, type SyncedInstances as Instances } from '@memkit/three'
import { Canvas, type ThreeEvent } from '@react-three/fiber'
import { StrictMode, useEffect, useRef, useState, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { BoxGeometry, MeshStandardMaterial } from 'three'
import { Crates, Place, Size, Tint, Turn } from '../three-instances/crates.ts'

const crates = new Crates(600)
const box = new BoxGeometry()
const wood = new MeshStandardMaterial({ roughness: 0.7 })
// A function, so that each mount gets a gpu of its own.
const options: MkOptions = { gpu: () => Promise.resolve(threeGpu()) }
const drawn = [Place, Turn, Size, Tint]

function Pile({ onPick }: { onPick: (entity: number) => void }): ReactNode {
  const pile = useRef<Instances>(null)
  useMkFrame((delta) => crates.hop(Math.min(delta, 1 / 20)))
  const pick = (event: ThreeEvent<MouseEvent>): void => {
    event.stopPropagation()
    onPick(pile.current?.entityOf(event.instanceId) ?? -1)
  }
  const parts = { position: Place, rotation: Turn, scale: Size, color: Tint }
  const made = { geometry: box, material: wood, query: drawn }
  return <SyncedInstances {...parts} {...made} castShadow receiveShadow onClick={pick} ref={pile} />
}

function Scene({ children }: { children: ReactNode }): ReactNode {
  return (
    <Canvas className="scene" shadows="percentage" camera={{ position: [0, 9, 22], fov: 40 }}>
      <color attach="background" args={[0xcfd8dc]} />
      <hemisphereLight args={[0xffffff, 0x8d7f70, 1.6]} />
      <directionalLight position={[8, 14, 6]} intensity={2.6} castShadow shadow-mapSize={[2048, 2048]}>
        <orthographicCamera attach="shadow-camera" args={[-13, 13, 13, -13]} />
      </directionalLight>
      <mesh rotation-x={-Math.PI / 2} receiveShadow>
        <planeGeometry args={[40, 40]} />
        <meshStandardMaterial color={0xb9ada0} />
      </mesh>
      {children}
    </Canvas>
  )
}

/** Shows what the last frame did: outside of the canvas, but inside of the same provider. */
function Figures({ picked }: { picked: number }): ReactNode {
  const mk = useMk()
  const [text, setText] = useState('…')
  useEffect(
    () =>
      mk.on('frame', ({ frame, rowsChanged, bytesUploaded }) => {
        if (frame % 6 === 0)
          setText(
            `${crates.count} crates · ${rowsChanged} rows changed · ${(bytesUploaded / 1000).toFixed(1)} kB`,
          )
      }),
    [mk],
  )
  return (
    <div id="figures">
      {text}
      {picked >= 0 && ` · entity ${picked}`}
    </div>
  )
}

function Page(): ReactNode {
  const [isShown, setShown] = useState(true)
  const [picked, setPicked] = useState(-1)
  useEffect(() => void (document.documentElement.dataset['state'] = 'running'), [])
  const pick = (entity: number): void => {
    crates.paint(entity, 255, 255, 255)
    setPicked(entity)
  }
  const panel = (figures: ReactNode): ReactNode => (
    <header>
      <h1>memkit × react-three-fiber</h1>
      <p>Click a crate to see its entity. The world lives on while it isn’t shown.</p>
      <p>
        <button onClick={() => crates.drop(50)}>Drop 50</button>
        <button onClick={() => setShown(!isShown)}>{isShown ? 'Hide' : 'Show'}</button>
      </p>
      {figures}
    </header>
  )
  if (!isShown) return panel(null)
  return (
    <MkProvider world={crates.world} options={options} fallback={panel(null)}>
      <Scene>
        <Pile onPick={pick} />
      </Scene>
      {panel(<Figures picked={picked} />)}
    </MkProvider>
  )
}

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <Page />
  </StrictMode>,
)
