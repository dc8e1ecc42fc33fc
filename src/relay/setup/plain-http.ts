import { AppError } from '../../shared/errors/app-error.ts'
import type { Exchange } from '../server/route.ts'
import { filesInTar } from './tar.ts'

/** No configuration that a person wrote comes near this. */
const MAX_CONFIG_BYTES = 1024 * 1024
/** Room for what tar itself adds to two files. */
const TAR_BYTES = 64 * 1024

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

/** A configuration as it is, and as it was without us where that is known. */
export interface SentConfig {
  readonly current: string
  readonly before?: string
}

/** The tar that the setup script sends. @throws AppError when a file is too large, missing or no UTF-8. */
export async function readConfig({ request, response }: Exchange): Promise<SentConfig> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece: Buffer = chunk
    size += piece.length
    if (size > 2 * MAX_CONFIG_BYTES + TAR_BYTES) {
      // The rest is not read, so the connection cannot be used again.
      response.shouldKeepAlive = false
      throw tooLarge()
    }
    chunks.push(piece)
  }
  const files = await filesOf(Buffer.concat(chunks))
  const current = textOf(files.get('current'))
  const before = textOf(files.get('before'))
  if (current === undefined)
    throw new AppError('setup.arguments-invalid', 'The request is no tar with a file "current".')
  return before === undefined ? { current } : { current, before }
}

async function filesOf(tar: Buffer): Promise<Map<string, Buffer>> {
  try {
    return await filesInTar(tar)
  } catch (error) {
    throw new AppError('setup.arguments-invalid', 'The request is no tar.', { cause: error })
  }
}

function textOf(file: Buffer | undefined): string | undefined {
  if (file === undefined) return undefined
  if (file.length > MAX_CONFIG_BYTES) throw tooLarge()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file)
  } catch (error) {
    throw new AppError('setup.config-invalid', 'The file is not UTF-8 text.', { cause: error })
  }
}

function tooLarge(): AppError {
  return new AppError('setup.too-large', `The file is larger than ${MAX_CONFIG_BYTES} bytes.`)
}
