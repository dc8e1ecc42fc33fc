import { AppError } from '../../shared/errors/app-error.ts'
import type { Exchange } from '../server/route.ts'

/** No configuration that a person wrote comes near this. */
const MAX_CONFIG_BYTES = 1024 * 1024

export function sendText(
  { response }: Exchange,
  status: number,
  body: string | Buffer,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(body)
}

/** The request body as text. @throws AppError when it is too large or no UTF-8. */
export async function readText({ request, response }: Exchange): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece: Buffer = chunk
    size += piece.length
    if (size > MAX_CONFIG_BYTES) {
      // The rest is not read, so the connection cannot be used again.
      response.shouldKeepAlive = false
      throw new AppError('setup.too-large', `The file is larger than ${MAX_CONFIG_BYTES} bytes.`)
    }
    chunks.push(piece)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw new AppError('setup.config-invalid', 'The file is not UTF-8 text.', { cause: error })
  }
}
