import type { Cue } from '../rules/cues.ts'

/** A sound: from one pitch to another (hertz), its length (seconds), how loud, and of what. */
interface Tone {
  readonly from: number
  readonly to: number
  readonly length: number
  readonly volume: number
  readonly type: OscillatorType | 'noise'
}

const tones: Readonly<Record<Cue, Tone>> = {
  shot: { from: 880, to: 220, length: 0.07, volume: 0.03, type: 'square' },
  blast: { from: 900, to: 80, length: 0.22, volume: 0.1, type: 'noise' },
  crash: { from: 500, to: 40, length: 0.5, volume: 0.22, type: 'noise' },
  nova: { from: 2400, to: 30, length: 1.1, volume: 0.35, type: 'noise' },
  hurt: { from: 160, to: 60, length: 0.18, volume: 0.1, type: 'sawtooth' },
  pickup: { from: 520, to: 1040, length: 0.16, volume: 0.09, type: 'triangle' },
  hunter: { from: 140, to: 420, length: 0.5, volume: 0.12, type: 'sawtooth' },
  choice: { from: 440, to: 880, length: 0.4, volume: 0.09, type: 'triangle' },
  wave: { from: 220, to: 660, length: 0.7, volume: 0.1, type: 'triangle' },
  over: { from: 330, to: 40, length: 1.6, volume: 0.2, type: 'sawtooth' },
}
/** Seconds for which the same sound is not begun again. */
const GAP = 0.06

/** Synthesised sounds, off until the player turns them on. */
export class Sound {
  #audio: AudioContext | undefined
  #noise: AudioBuffer | undefined
  readonly #last = new Map<Cue, number>()

  get on(): boolean {
    return this.#audio !== undefined
  }

  /** From a key or a click: browsers allow sound then. @returns whether it is on now */
  toggle(): boolean {
    if (this.#audio !== undefined) this.dispose()
    else {
      const audio = new AudioContext()
      this.#audio = audio
      this.#noise = audio.createBuffer(1, audio.sampleRate, audio.sampleRate)
      const samples = this.#noise.getChannelData(0)
      for (let i = 0; i < samples.length; i++) samples[i] = Math.random() * 2 - 1
    }
    return this.on
  }

  readonly play = (cue: Cue): void => {
    const audio = this.#audio
    if (audio === undefined) return
    const now = audio.currentTime
    if (now - (this.#last.get(cue) ?? -1) < GAP) return
    this.#last.set(cue, now)
    const { from, to, length, volume, type } = tones[cue]
    const gain = audio.createGain()
    gain.gain.setValueAtTime(volume, now)
    gain.gain.exponentialRampToValueAtTime(0.0005, now + length)
    gain.connect(audio.destination)
    const sweep = (pitch: AudioParam): void => {
      pitch.setValueAtTime(from, now)
      pitch.exponentialRampToValueAtTime(to, now + length)
    }
    if (type === 'noise') {
      const source = new AudioBufferSourceNode(audio, { buffer: this.#noise, loop: true })
      const filter = new BiquadFilterNode(audio, { type: 'lowpass' })
      sweep(filter.frequency)
      source.connect(filter).connect(gain)
      source.start(now, Math.random() * 0.5)
      source.stop(now + length)
      return
    }
    const source = new OscillatorNode(audio, { type })
    sweep(source.frequency)
    source.connect(gain)
    source.start(now)
    source.stop(now + length)
  }

  dispose(): void {
    void this.#audio?.close()
    this.#audio = undefined
  }
}
