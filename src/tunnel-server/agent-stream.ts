import type { ServerHttp2Stream } from 'node:http2'
import { H2ByteStream } from '../node/tunnel/h2-byte-stream.ts'
import type { UnreadBudget } from '../node/tunnel/unread-budget.ts'
import { AppError } from '../shared/errors/app-error.ts'
import type { ServeContext } from './serve-context.ts'

/** What the streams of one HTTP/2 connection are served with. */
export interface H2Context extends ServeContext {
  readonly unread: UnreadBudget
}

/** The bytes of a stream that was answered. */
export function agentStream(stream: ServerHttp2Stream, { unread }: H2Context): H2ByteStream {
  const bytes = new H2ByteStream(stream, () => new AppError('tunnel.down', 'The agent is gone.'))
  bytes.on('error', () => undefined)
  unread.add(bytes)
  return bytes
}
