import type { Duplex } from 'node:stream'
import { AppError } from '../shared/errors/app-error.ts'

const MAX_HEAD_BYTES = 32 * 1024
const ANSWER_MS = 10_000
const END = Buffer.from('\r\n\r\n')

export interface UpgradeAnswer {
  readonly status: number
  /** Lower-case names; several lines of one name are joined with commas. */
  readonly headers: ReadonlyMap<string, string>
}

/**
 * Sends the head of an upgrade and reads that of the answer; what comes behind it stays in the stream.
 *
 * @throws AppError `egress.*`; the stream is then destroyed.
 */
export async function httpUpgrade(
  stream: Duplex,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<UpgradeAnswer> {
  stream.write(`${lines.join('\r\n')}\r\n\r\n`)
  const head = await readHead(stream, signal)
  const [statusLine = '', ...rest] = head.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(statusLine)?.[1]
  if (status === undefined) {
    stream.destroy()
    throw new AppError('egress.bad-answer', 'The host did not answer with HTTP/1.1.')
  }
  const headers = new Map<string, string>()
  for (const line of rest) {
    const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    const before = headers.get(name.toLowerCase())
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
  }
  return { status: Number(status), headers }
}

function readHead(stream: Duplex, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0)
    const stop = (): void => {
      clearTimeout(timer)
      stream.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError)
      signal.removeEventListener('abort', onEnd)
    }
    const fail = (error: AppError): void => {
      stop()
      stream.on('error', () => undefined)
      stream.destroy()
      reject(error)
    }
    const onData = (data: Buffer): void => {
      held = Buffer.concat([held, data])
      const end = held.indexOf(END)
      if (end < 0 && held.length > MAX_HEAD_BYTES)
        fail(new AppError('egress.bad-answer', 'The head of the answer is too long.'))
      if (end < 0) return
      stop()
      stream.pause()
      const rest = held.subarray(end + END.length)
      if (rest.length > 0) stream.unshift(rest)
      resolve(held.toString('latin1', 0, end))
    }
    const onError = (cause: Error): void =>
      fail(new AppError('egress.unreachable', 'The host cut the connection.', { cause }))
    const onEnd = (): void => fail(new AppError('egress.unreachable', 'The host closed the connection.'))
    const timer = setTimeout(
      () => fail(new AppError('egress.timeout', 'The host did not answer the handshake.')),
      ANSWER_MS,
    )
    stream.on('data', onData).once('end', onEnd).once('close', onEnd).once('error', onError)
    signal.addEventListener('abort', onEnd, { once: true })
    if (signal.aborted) onEnd()
  })
}
