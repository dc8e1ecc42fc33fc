import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '../../shared/errors/app-error.ts'

export const CUT_SHORT = 'The connection ended before the body was complete.'

/**
 * Reads a request body. Node answers `Expect: 100-continue` here, once the announced size is known to be
 * acceptable. What is left of a body that is too large is not read.
 *
 * @throws AppError `relay.body-too-large`, `relay.body-encoded`; whatever the connection failed with.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Buffer> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new AppError('relay.body-encoded', `The body is encoded as ${encoding.slice(0, 40)}.`)
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes) throw tooLarge(maxBytes)
  if (request.headers.expect !== undefined) response.writeContinue()
  return await new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let size = 0
    const stop = (): void => {
      request.off('data', onData).off('end', onEnd).off('error', reject).off('close', onClose)
    }
    const onData = (piece: Buffer): void => {
      size += piece.length
      if (size <= maxBytes) {
        pieces.push(piece)
        return
      }
      stop()
      request.pause()
      reject(tooLarge(maxBytes))
    }
    const onEnd = (): void => {
      stop()
      resolve(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, size))
    }
    const onClose = (): void => {
      stop()
      reject(new AppError('relay.body-invalid', CUT_SHORT))
    }
    request.on('data', onData).on('end', onEnd).on('error', reject).on('close', onClose)
  })
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('relay.body-too-large', `The body is larger than ${maxBytes} bytes.`)
}

export type JsonObject = Readonly<Record<string, unknown>>

/** @throws AppError `relay.body-invalid` */
export function parseObject(body: Buffer): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    throw new AppError('relay.body-invalid', 'The body is not JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AppError('relay.body-invalid', 'The body is no JSON object.')
  return value as JsonObject
}
