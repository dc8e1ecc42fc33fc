import type { IncomingMessage } from 'node:http'
import { readPlainFields } from './fields.ts'

/** What is needed of a request, whoever has read it. */
export type ReadRequest = Pick<IncomingMessage, 'url' | 'headers' | 'rawHeaders' | 'httpVersion'>

export interface PlainRequest extends ReadRequest {
  readonly method: string
  readonly url: string
  /** The client wants the connection to end with the answer. */
  readonly isLast: boolean
}

export interface PlainConnect {
  readonly request: PlainRequest
  /** What the client sent after it already. */
  readonly head: Buffer
}

const HEAD_MAX_BYTES = 8_192
const CONNECT_LINE =
  /^(CONNECT) ((?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}) HTTP\/1\.1\r\n/
const ABSOLUTE_LINE = /^(GET|HEAD) (http:\/\/[!"$-~]{1,4096}) HTTP\/1\.1\r\n/
/** These say how the bytes after the head are to be read, or ask for more than an answer or a tunnel. */
const NOT_PLAIN = /^(?:content-length|transfer-encoding|expect|upgrade|te|trailer)$/
const CLOSE = /^close$/i
const KEEP_ALIVE = /^keep-alive$/i
const C = 0x43

/**
 * A CONNECT as nearly all programs send it, whole and with nothing in it that could be read in two ways. It costs half
 * of what Node's parser takes to set up. Whatever is not exactly this is for that parser to judge, and is not refused here.
 */
export function readPlainConnect(bytes: Buffer): PlainConnect | undefined {
  if (bytes[0] !== C) return undefined
  const end = endOfHead(bytes)
  const request = end < 0 ? undefined : readHead(bytes, end, CONNECT_LINE)
  return request === undefined ? undefined : { request, head: bytes.subarray(end) }
}

/** The same for a request by URL that has no body, and nothing behind it. */
export function readPlainRequest(bytes: Buffer): PlainRequest | undefined {
  if (bytes[0] === C || endOfHead(bytes) !== bytes.length) return undefined
  return readHead(bytes, bytes.length, ABSOLUTE_LINE)
}

function endOfHead(bytes: Buffer): number {
  const at = bytes.subarray(0, HEAD_MAX_BYTES).indexOf('\r\n\r\n', 0, 'latin1')
  return at < 0 ? -1 : at + 4
}

function readHead(bytes: Buffer, end: number, line: RegExp): PlainRequest | undefined {
  const text = bytes.toString('latin1', 0, end - 2)
  const [start = '', method = '', url = ''] = line.exec(text) ?? []
  if (start === '') return undefined
  const rawHeaders = readPlainFields(text, start.length)
  if (rawHeaders === undefined) return undefined
  const headers: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const key = (rawHeaders[index] ?? '').toLowerCase()
    if (Object.hasOwn(headers, key) || NOT_PLAIN.test(key)) return undefined
    headers[key] = rawHeaders[index + 1] ?? ''
  }
  const connection = headers.connection
  const isLast = connection !== undefined && CLOSE.test(connection)
  if (!isLast && connection !== undefined && !KEEP_ALIVE.test(connection)) return undefined
  return { method, url, headers, rawHeaders, httpVersion: '1.1', isLast }
}
