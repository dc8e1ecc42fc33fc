import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { SshLink } from '../../ssh/link.ts'
import { newPath, PUT_IN_PLACE, receiveCommand, TAKE_BACK } from './install-scripts.ts'
import type { StepContext } from './job-plan.ts'
import { lastWords, runOrFail, runScript, shellQuote } from './run-script.ts'

export interface Upload {
  readonly link: SshLink
  /** Name of the host, for people. */
  readonly place: string
  /** Absolute paths here and there. */
  readonly from: string
  readonly to: string
  /** Proves that the file works; `{}` stands for where it is at that moment. */
  readonly proof: readonly string[]
}

/**
 * Copies a program to a host and puts it in place of the one that may be there, once it is whole and runs.
 * @returns its size in bytes.
 */
export async function upload(
  { link, place, from, to, proof }: Upload,
  context: StepContext,
): Promise<number> {
  const { signal } = context
  const { size } = await stat(from)
  // Until the host has said otherwise, nothing of ours is in place.
  let before = 'there'
  context.onUndo(async (undoing) => {
    const args = [to, before]
    await runOrFail(link, place, TAKE_BACK, { doing: `remove ${to}`, args, signal: undoing })
  })
  const hash = createHash('sha256')
  let sent = 0
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      sent += chunk.length
      context.progress(sent / size)
      done(undefined, chunk)
    },
  })
  const packed = createGzip({ level: 3 })
  const reading = pipeline(createReadStream(from), count, packed, { signal })
  // Told by the command below, which loses its input.
  reading.catch(() => undefined)
  const received = await link.exec(receiveCommand(to, shellQuote), { stdin: packed, signal })
  signal.throwIfAborted()
  if (received.exitCode !== 0)
    throw new AppError('job.unexpected-answer', `${place} did not take ${to}: ${lastWords(received)}.`)
  await reading
  const command = proof.map((word) => (word === '{}' ? newPath(to) : word))
  const args = [to, hash.digest('hex'), ...command]
  if (!received.stdout.includes('was=there')) before = ''
  const placed = await runScript(link, place, PUT_IN_PLACE, { args, signal })
  if (placed.exitCode === 0) return size
  throw new AppError('job.unexpected-answer', `On ${place} ${lastWords(placed)}.`)
}
