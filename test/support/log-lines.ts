import { createLogger, type Logger } from '../../src/node/log.ts'

/** A logger at `info`, and all that it wrote. */
export function logLines(name: string): { readonly log: Logger; readonly lines: readonly string[] } {
  const lines: string[] = []
  const log = createLogger(name, 'info', { write: (line) => void lines.push(line) })
  return { log, lines }
}

/** Stands for whatever is nobody's business in a path, a query, a credential, a header or a body. */
export const PRIVATE = 'priv7391'
