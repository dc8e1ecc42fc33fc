import { request } from 'node:http'
import { AppError } from '../shared/errors/app-error.ts'
import { isErrorCode } from '../shared/errors/codes.ts'

/** Unless the call itself waits for somebody else. */
const TIMEOUT_MS = 10_000
const ANSWER_MAX_BYTES = 8 * 1024 * 1024

export interface AdminAnswer {
  readonly status: number
  /** Parsed JSON. */
  readonly body: unknown
}

/**
 * One call over the admin socket of a relay on this machine.
 *
 * @throws AppError `relay.not-running` when nobody listens there, `relay.not-a-relay` when the answer is not one
 * of ours, or the failure that the relay answered with.
 */
export async function adminRequest(
  socketPath: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  timeoutMs = TIMEOUT_MS,
): Promise<AdminAnswer> {
  const { status, text } = await send(socketPath, method, path, body, timeoutMs)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new AppError('relay.not-a-relay', `${socketPath} answered ${method} ${path} with no JSON.`, {
      cause,
    })
  }
  if (status >= 400)
    throw failureOf(parsed, `${socketPath} answered ${method} ${path} with status ${status}.`)
  return { status, body: parsed }
}

function send(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly text: string }> {
  const payload = body === undefined ? '' : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
    const call = request(
      { socketPath, method, path, headers, timeout: timeoutMs, agent: false },
      (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > ANSWER_MAX_BYTES) call.destroy(new Error('answer too large'))
          chunks.push(chunk)
        })
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        )
        answer.on('error', (error) => reject(unreachable(socketPath, error)))
      },
    )
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
    call.on('error', (error) => reject(unreachable(socketPath, error)))
    call.end(payload)
  })
}

/** Why the admin socket of a relay gives no answer. */
export function unreachable(socketPath: string, cause: Error): AppError {
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new AppError('relay.not-running', `No relay runs here: nothing listens on ${socketPath}.`, {
      cause,
    })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new AppError('relay.not-running', `This user may not open the admin socket ${socketPath}.`, {
      cause,
      remedy: 'Run the command as the user that the relay runs as.',
    })
  }
  return new AppError('relay.unreachable', `The admin socket ${socketPath} failed: ${cause.message}.`, {
    cause,
  })
}

/** Our servers explain failures under `relay`, beside what other clients understand. */
export function failureOf(body: unknown, otherwise: string): AppError {
  const part = typeof body === 'object' && body !== null ? body : {}
  for (const found of ['relay' in part ? part.relay : undefined, 'error' in part ? part.error : undefined]) {
    if (typeof found !== 'object' || found === null || !('code' in found) || !isErrorCode(found.code))
      continue
    const message = 'message' in found && typeof found.message === 'string' ? found.message : otherwise
    const remedy = 'remedy' in found && typeof found.remedy === 'string' ? { remedy: found.remedy } : {}
    return new AppError(found.code, message, remedy)
  }
  return new AppError('relay.not-a-relay', otherwise)
}
