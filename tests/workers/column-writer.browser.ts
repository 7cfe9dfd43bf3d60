import { writeColumns, type WriteJob } from './column-writer.ts'

addEventListener('message', ({ data }: MessageEvent<WriteJob>) => postMessage(writeColumns(data)))
