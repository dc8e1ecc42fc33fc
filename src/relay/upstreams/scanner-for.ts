import type { Dialect } from '../server/error-response.ts'
import { NdjsonScanner } from './ndjson-scanner.ts'
import { SseScanner } from './sse-scanner.ts'
import type { StreamScanner } from './stream-scanner.ts'

/** @returns undefined for an answer that is no stream. */
export function scannerFor(contentType: string | undefined, dialect: Dialect): StreamScanner | undefined {
  if (contentType?.startsWith('text/event-stream') === true) return new SseScanner(dialect)
  return contentType?.startsWith('application/x-ndjson') === true ? new NdjsonScanner() : undefined
}
