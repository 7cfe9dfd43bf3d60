import { defineError, type ErrorClass } from '@memkit/core'

/**
 * A file isn't a recording, or not from here on: it is damaged, was cut off, or is of a newer
 * version.
 *
 * What to do: replay what comes before. `openReplay` rejects with it only when no frame can be
 * replayed; else `replay.problem` holds it, and all frames before are there.
 */
export const BadRecording: ErrorClass<{
  code: 'BadRecording'
  /** Byte at which it was found: of the file, or of the inflated body where the file is deflated. */
  offset: number
  reason: string
}> = defineError(
  'BadRecording',
  ({ offset, reason }) => `The recording can't be read from byte ${offset} on: ${reason}.`,
)
export type BadRecording = InstanceType<typeof BadRecording>

/**
 * A coordinator that is being recorded was to be recorded once more.
 *
 * What to do: stop the recording that runs, or use what it gives.
 */
export const AlreadyRecording: ErrorClass<{ code: 'AlreadyRecording' }> = defineError(
  'AlreadyRecording',
  () => 'A recording of this coordinator is running. Stop that one first: await recording.stop().',
)
export type AlreadyRecording = InstanceType<typeof AlreadyRecording>
