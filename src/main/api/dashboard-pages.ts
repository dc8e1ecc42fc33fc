import type { IncomingMessage, ServerResponse } from 'node:http'
import { cookieName, type DashboardDoor, OPEN_PATH } from './dashboard-door.ts'
import type { DashboardFiles } from './dashboard-files.ts'

export interface DashboardOptions {
  readonly door: DashboardDoor
  /** Undefined where the renderer was not built. */
  readonly files: DashboardFiles | undefined
}

/** https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

/**
 * Answers a browser: the one-time link, the files of the dashboard, and words for everybody else.
 *
 * @returns false when the request is for nothing of the dashboard.
 */
export function serveDashboard(
  { door, files }: DashboardOptions,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { method, headers, url = '/' } = request
  if (method !== 'GET' && method !== 'HEAD') return false
  const path = url.split('?', 1)[0] ?? '/'
  const isLink = path.startsWith(OPEN_PATH)
  if (!isLink && path !== '/' && files?.has(path) !== true) return false
  const port = request.socket.localPort ?? 0
  if (files === undefined) page(response, 503, NOT_BUILT)
  else if (isLink) open(door, request, response, port)
  else if (!door.knows(headers, port)) page(response, 401, NOT_OPEN)
  else send(files, path, request, response)
  return true
}

function open(
  door: DashboardDoor,
  { method, headers, url = '' }: IncomingMessage,
  response: ServerResponse,
  port: number,
): void {
  // A browser that fetches ahead, or a program that only looks, must not use the link up.
  if (method === 'HEAD' || headers['sec-purpose']?.includes('prefetch') === true) {
    response.writeHead(503, PAGE_HEADERS).end()
    return
  }
  const cookie = door.exchange(url)
  if (cookie === undefined) {
    page(response, 410, USED_UP)
    return
  }
  response.setHeader('set-cookie', `${cookieName(port)}=${cookie}; Path=/; HttpOnly; SameSite=Strict`)
  // A redirect would still count as coming from wherever the link was clicked, and be sent without the cookie.
  response.setHeader('refresh', '0; url=/')
  page(response, 200, WELCOME)
}

function send(
  files: DashboardFiles,
  path: string,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const found = files.get(path)
  if (found === undefined) {
    page(response, 404, NOT_OPEN)
    return
  }
  const { type, text, etag } = found
  const caching = { ...PAGE_HEADERS, etag, 'cache-control': 'no-cache' }
  if (headers['if-none-match'] === etag) {
    response.writeHead(304, caching).end()
    return
  }
  response.writeHead(200, { ...caching, 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(method === 'HEAD' ? undefined : text)
}

interface Words {
  readonly title: string
  readonly text: string
}

const WELCOME: Words = {
  title: 'Opening the dashboard…',
  text: 'If nothing happens, open the address without its path.',
}
const NOT_OPEN: Words = {
  title: 'This browser has not been let in',
  text: 'Run "sovereign dashboard" on this computer and open the link that it prints.',
}
const USED_UP: Words = {
  title: 'This link has been used, or is older than ten minutes',
  text: 'Run "sovereign dashboard" on this computer and open the new link that it prints.',
}
const NOT_BUILT: Words = {
  title: 'The dashboard is not built',
  text: 'Run "npm run build" in the checkout and start the bridge again.',
}

/** No style and no script: the policy of the page allows only files. An empty icon keeps browsers from asking for one. */
function page(response: ServerResponse, status: number, { title, text }: Words): void {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>${title}</title><h1>${title}</h1><p>${text.replaceAll('"', '&quot;')}</p></html>\n`
  response.writeHead(status, {
    ...PAGE_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
