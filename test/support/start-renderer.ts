import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { WebSocket, WebSocketServer } from 'ws'
import { webSocketPort } from '../../src/main/api/web-socket-port.ts'
import type { BridgeApi } from '../../src/shared/bridge-api/calls.ts'
import { serveApi } from '../../src/shared/bridge-api/serve-api.ts'

export interface RendererServer {
  readonly url: string
  /** Cuts every page off, as a bridge that dies does. */
  cut(): void
  /** While false, pages that connect are turned away. */
  accept(isOpen: boolean): void
  close(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
}

/** Serves the built windows and the API of a bridge to them, on a free port of loopback. */
export async function startRenderer(api: BridgeApi, folder: string): Promise<RendererServer> {
  const http = createServer((request, response) => {
    const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1)
    const type = TYPES[name]
    if (type === undefined) {
      response.writeHead(404).end()
      return
    }
    void readFile(join(folder, name)).then((body) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    )
  })
  const sockets = new WebSocketServer({ noServer: true })
  let isOpen = true
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    if (!isOpen) socket.destroy()
    else sockets.handleUpgrade(request, socket, head, (face) => void serveApi(api, webSocketPort(face)))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const face of sockets.clients) if (face.readyState === WebSocket.OPEN) face.terminate()
  }
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    cut,
    accept: (value) => {
      isOpen = value
    },
    close: () => closed(http, cut),
  }
}

async function closed(http: Server, cut: () => void): Promise<void> {
  cut()
  await new Promise<void>((resolve) => {
    http.close(() => resolve())
    http.closeAllConnections()
  })
}
