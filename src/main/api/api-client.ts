import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { type BridgeConnection, connectApi } from '../../shared/bridge-api/connect-api.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { isErrorCode } from '../../shared/errors/codes.ts'
import { keepAlive, SUBPROTOCOL } from './api-protocol.ts'
import { type BridgeInfo, infoFilePath, readInfoFile } from './info-file.ts'
import { bridgeRuntimeDir } from './runtime-dir.ts'
import { webSocketPort } from './web-socket-port.ts'

export interface ConnectOptions {
  /** Of the bridge, when it is not the usual one of this user. */
  readonly infoFile?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 5000
const PING_INTERVAL_MS = 15_000
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/**
 * Attaches to the running bridge of this user.
 *
 * @throws AppError `bridge.not-running`, `bridge.info-unusable`, or what the bridge refuses with.
 */
export async function connectBridge(options: ConnectOptions = {}): Promise<BridgeConnection> {
  const { env = process.env, timeoutMs = TIMEOUT_MS } = options
  const path = options.infoFile ?? infoFilePath(bridgeRuntimeDir(env))
  const info = await readInfoFile(path)
  if (info === undefined)
    throw new AppError('bridge.not-running', `No bridge runs for this user: there is no ${path}.`)
  return await attach(info, timeoutMs)
}

const ALIVE_TIMEOUT_MS = 2000

/** Whether the bridge of an info file still answers; one that hangs counts as long as its process lives. */
export async function isBridgeAlive(info: BridgeInfo): Promise<boolean> {
  try {
    const bridge = await attach(info, ALIVE_TIMEOUT_MS)
    bridge.close()
    return true
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'api.busy') return true
    return error.code === 'bridge.connection-ended' && isProcessOfOurs(info.pid)
  }
}

function isProcessOfOurs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    // There is none, or it belongs to another user.
    return false
  }
}

async function attach({ url, token, pid }: BridgeInfo, timeoutMs: number): Promise<BridgeConnection> {
  const socket = new WebSocket(url, [SUBPROTOCOL], {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: timeoutMs,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  })
  // Before it opens, so that nothing that comes right after is missed.
  const bridge = connectApi(webSocketPort(socket))
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', (cause) => reject(unreachable(cause, url, pid)))
    socket.on('unexpected-response', (request, response) => {
      void text(response)
        .then(refusalIn, (cause: Error) => unreachable(cause, url, pid))
        .then(reject)
        .finally(() => request.destroy())
    })
  })
  keepAlive(socket, PING_INTERVAL_MS)
  return bridge
}

function unreachable(cause: NodeJS.ErrnoException, url: string, pid: number): AppError {
  if (cause.code === 'ECONNREFUSED') {
    return new AppError(
      'bridge.not-running',
      `The bridge that was process ${pid} is gone; nobody listens at ${url}.`,
    )
  }
  return new AppError('bridge.connection-ended', `The bridge at ${url} does not answer: ${cause.message}.`, {
    cause,
  })
}

const refusalSchema = z.object({
  error: z.object({ code: z.string().refine(isErrorCode), message: z.string(), remedy: z.string() }),
})

function refusalIn(body: string): AppError {
  const refusal = z.preprocess(parseJson, refusalSchema).safeParse(body).data?.error
  if (refusal === undefined) {
    return new AppError('bridge.not-running', 'Another program listens where the bridge did.')
  }
  return new AppError(refusal.code, refusal.message, { remedy: refusal.remedy })
}

function parseJson(body: unknown): unknown {
  try {
    return JSON.parse(String(body))
  } catch {
    // Some other server answered, in its own words.
    return undefined
  }
}
