// Recordings of a synced world: `startRecording(mk)`. The coordinator's own, because they know no ECS.
export * from '@memkit/coordinator/recording'
