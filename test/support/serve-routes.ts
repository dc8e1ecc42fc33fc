import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Access, Route } from '../../src/relay/server/route.ts'
import { toAppError, toFailure } from '../../src/shared/errors/app-error.ts'
import { errorDefinition } from '../../src/shared/errors/codes.ts'

export interface ServedRoutes {
  /** `http://127.0.0.1:<port>`; undefined on a unix socket. */
  readonly url: string
  close(): Promise<void>
}

/** Serves routes without anything else of the relay; everybody who asks has `access`. */
export async function serveRoutes(
  routes: readonly Route[],
  access: Access,
  socketPath?: string,
): Promise<ServedRoutes> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://relay')
    const route = routes.find(
      ({ method, path }) =>
        (method === 'ANY' || method === request.method) &&
        (path.endsWith('/*') ? url.pathname.startsWith(path.slice(0, -1)) : path === url.pathname),
    )
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    try {
      if (route === undefined) throw new Error(`no route for ${url.pathname}`)
      await route.handle({ request, response, url, access, client: { name: 'unknown' }, signal: gone.signal })
    } catch (error) {
      const failure = toFailure(error)
      response.writeHead(errorDefinition(toAppError(error).code).status ?? 500, {
        'content-type': 'application/json',
      })
      response.end(JSON.stringify({ error: failure }))
    }
  })
  await new Promise<void>((resolve) => {
    if (socketPath === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(socketPath, resolve)
  })
  const address = server.address() as AddressInfo | string
  return {
    url: typeof address === 'string' ? '' : `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
