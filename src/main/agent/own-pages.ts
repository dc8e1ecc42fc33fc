import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { guardRequest } from '../../node/http-guard.ts'
import { closeInStages } from './close-in-stages.ts'
import { classifyOpening, type Opening } from './first-bytes.ts'

/** What the pages of the agent itself say. */
export interface OwnPages {
  /** The bypass list as a program for browsers; the address is the one under which it was asked for. */
  pacFor(authority: string): string
  /** Becomes JSON. */
  health(): object
}

/** A request for a page of the agent itself, as far as it has to be understood. */
export interface OwnPageRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** How long the other side may go on sending after its page. */
const REST_MS = 2_000
const START = /^(?:\r?\n){0,4}(GET|HEAD) (\/proxy\.pac|\/agent\/health)(?:\?[!-~]{0,1024})? HTTP\/1\.[01]\r\n/
const STARTS = ['GET', 'HEAD'].flatMap((method) => [`${method} /proxy.pac`, `${method} /agent/health`])
/** More is no request for a small page; the relay may say what it makes of it. */
const HEAD_MAX_BYTES = 16_384

/** As {@link classifyOpening}, but reads on while it may be a page of the agent. */
export function readOpening(bytes: Buffer): Opening | OwnPageRequest | undefined {
  const opening = classifyOpening(bytes)
  if (opening !== 'relay') return opening
  const text = bytes.toString('latin1', 0, HEAD_MAX_BYTES)
  const line = text.replace(/^(?:\r?\n){0,4}/, '')
  if (!STARTS.some((start) => line.startsWith(start) || start.startsWith(line))) return 'relay'
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return bytes.length < HEAD_MAX_BYTES ? undefined : 'relay'
  const [whole = '', method = '', path = ''] = START.exec(text) ?? []
  return whole === '' ? 'relay' : { method, path, headers: headersIn(text.slice(whole.length, end)) }
}

/** @returns false if it is for somebody else: another host, or a page on another site that asks. */
export function answerOwnPage(socket: Socket, request: OwnPageRequest, pages: OwnPages): boolean {
  const { method, path, headers } = request
  const { host = '' } = headers
  const port = /:(\d+)$/.exec(host)?.[1] ?? '80'
  if (Number(port) !== socket.localPort || guardRequest(headers) !== 'ok') return false
  const isPac = path === '/proxy.pac'
  const body = isPac ? pages.pacFor(host) : `${JSON.stringify(pages.health())}\n`
  const head = [
    'HTTP/1.1 200 OK',
    `Content-Type: ${isPac ? 'application/x-ns-proxy-autoconfig' : 'application/json'}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`)
  closeInStages(socket, REST_MS)
  return true
}

/** Several of a name are joined: two Hosts are no host of ours. */
function headersIn(text: string): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {}
  for (const line of text.split('\r\n')) {
    const [, name = '', value = ''] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    const key = name.toLowerCase()
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  return headers
}
