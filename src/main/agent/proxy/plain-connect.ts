import type { IncomingMessage } from 'node:http'

/** What is needed of a CONNECT, whoever has read it. */
export type ConnectRequest = Pick<IncomingMessage, 'url' | 'headers' | 'rawHeaders' | 'httpVersion'>

export interface PlainConnect {
  readonly request: ConnectRequest
  /** What the client sent after it already. */
  readonly head: Buffer
}

const HEAD_MAX_BYTES = 4_096
const REQUEST_LINE = /^CONNECT ((?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}) HTTP\/1\.1$/
const FIELD = /^([A-Za-z][A-Za-z0-9-]{0,63}): ([!-~](?:[ -~]{0,1022}[!-~])?)$/
/** These say how the bytes after the head are to be read, or ask for more than a tunnel. */
const NOT_PLAIN = /^(?:content-length|transfer-encoding|expect|upgrade|te|trailer)$/

/**
 * A CONNECT as nearly all programs send it, whole and with nothing in it that could be read in two ways. It costs half
 * of what Node's parser takes to set up. Whatever is not exactly this is for that parser to judge, and is not refused here.
 */
export function readPlainConnect(bytes: Buffer): PlainConnect | undefined {
  // "C": nothing else is looked at twice.
  if (bytes[0] !== 0x43) return undefined
  const end = bytes.subarray(0, HEAD_MAX_BYTES).indexOf('\r\n\r\n', 0, 'latin1')
  if (end < 0) return undefined
  const [line = '', ...fields] = bytes.toString('latin1', 0, end).split('\r\n')
  const url = REQUEST_LINE.exec(line)?.[1]
  if (url === undefined) return undefined
  const headers: Record<string, string> = {}
  const rawHeaders: string[] = []
  for (const field of fields) {
    const [, name, value] = FIELD.exec(field) ?? []
    if (name === undefined || value === undefined) return undefined
    const key = name.toLowerCase()
    if (NOT_PLAIN.test(key) || Object.hasOwn(headers, key)) return undefined
    headers[key] = value
    rawHeaders.push(name, value)
  }
  return { request: { url, headers, rawHeaders, httpVersion: '1.1' }, head: bytes.subarray(end + 4) }
}
