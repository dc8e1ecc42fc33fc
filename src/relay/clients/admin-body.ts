import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { AppError } from '../../shared/errors/app-error.ts'

const BODY_MAX_BYTES = 16_384

/** The body of an admin request. @throws AppError `clients.request-invalid` */
export async function readAdminBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_MAX_BYTES) {
      throw new AppError('clients.request-invalid', `The body is larger than ${BODY_MAX_BYTES} bytes.`)
    }
    chunks.push(chunk)
  }
  let value: unknown
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new AppError('clients.request-invalid', 'The body is not JSON.')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AppError(
    'clients.request-invalid',
    `The body does not fit: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  )
}
