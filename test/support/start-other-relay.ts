import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startTestRelay, type TestRelayOptions } from './start-relay.ts'

type Json = Readonly<Record<string, unknown>>

export interface OtherRelay {
  /** Gives admin rights to whoever asks. */
  readonly url: string
  close(): Promise<void>
}

export interface OtherRelayOptions extends TestRelayOptions {
  /** What it answers in place of the relay of today; undefined is a path that it does not know. */
  readonly rewrite?: (path: string, answer: Json) => Json | undefined
  /** How far its clock is ahead, in milliseconds. */
  readonly aheadMs?: number
}

/** A relay of another version: one of today with somebody in front who changes what it says of itself. */
export async function startOtherRelay(options: OtherRelayOptions): Promise<OtherRelay> {
  const relay = await startTestRelay(options)
  const socketPath = join(relay.dir, 'data/admin.sock')
  const server = createServer((incoming, response) => void answer(incoming, response, socketPath, options))
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await relay.close()
    },
  }
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  socketPath: string,
  { rewrite = (_path, body) => body, aheadMs = 0 }: OtherRelayOptions,
): Promise<void> {
  const { method, url = '/' } = incoming
  const said = await ask(incoming, { socketPath, method, path: url })
  const date = new Date(Date.now() + aheadMs).toUTCString()
  const body = rewrite(url, said.body)
  response.writeHead(body === undefined ? 404 : said.status, { 'content-type': 'application/json', date })
  response.end(JSON.stringify(body ?? { error: { message: 'Not Found' } }))
}

/** Over the admin socket, where no token is asked for. */
function ask(
  incoming: IncomingMessage,
  target: { readonly socketPath: string; readonly method: string | undefined; readonly path: string },
): Promise<{ readonly status: number; readonly body: Json }> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...target, headers: { host: 'localhost' } }, (answered) => {
      let text = ''
      answered.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      answered.on('end', () => resolve({ status: answered.statusCode ?? 0, body: JSON.parse(text) as Json }))
    })
    sent.on('error', reject)
    incoming.pipe(sent)
  })
}
