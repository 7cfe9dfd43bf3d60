export { AlreadyRecording, BadRecording } from './errors.ts'
export { Recording, startRecording, type Recordable, type RecordingOptions } from './recording.ts'
export { openReplay, Replay, ReplayMirror, type MirrorChange, type ReplayOptions } from './replay.ts'

// Errors of other parts that come out of calls here
export { InvalidSize } from '@memkit/core'
export { AllocationFailed, BufferTooLarge, DeviceLost } from '@memkit/gpu'
export { InvalidConfig } from '../config.ts'
