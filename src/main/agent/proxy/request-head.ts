import type { IncomingMessage } from 'node:http'
import { AppError } from '../../../shared/errors/app-error.ts'

/** A request as it is to be sent on. */
export interface RequestHead {
  /** Names and values by turns, in their order and spelling, without Host and what belongs to one connection only. */
  readonly headers: string[]
  readonly hasBody: boolean
  readonly isChunked: boolean
  readonly expectsContinue: boolean
  /** What the client wants to change to, if it does. */
  readonly upgrade: string | undefined
  /** The credential that the client shows the host. */
  readonly authorization: string
}

/**
 * Reads the headers in one pass, takes those away that are for one connection only (RFC 9110 §7.6.1) and adds Via.
 *
 * @param pseudonym what this proxy calls itself in Via.
 * @throws AppError `proxy.bad-request` for what Node's parser lets through although RFC 9112 does not; `proxy.loop`.
 */
export function readRequestHead(
  request: Pick<IncomingMessage, 'rawHeaders' | 'httpVersion'>,
  pseudonym: string,
): RequestHead {
  const { rawHeaders, httpVersion } = request
  const headers: string[] = []
  const count = { hosts: 0, lengths: 0 }
  let connection = ''
  let coding: string | undefined
  let length = ''
  let expect = ''
  let upgrade: string | undefined
  let authorization = ''
  let hasTrailer = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    switch (name.toLowerCase()) {
      case 'host':
        count.hosts += 1
        continue
      case 'connection':
      case 'proxy-connection':
        connection += `,${value}`
        continue
      case 'transfer-encoding':
        coding = coding === undefined ? value : `${coding},${value}`
        continue
      case 'upgrade':
        upgrade = upgrade === undefined ? value : `${upgrade}, ${value}`
        continue
      case 'expect':
        expect = value
        continue
      case 'te':
        if (/(?:^|,)\s*trailers\s*(?:,|;|$)/i.test(value)) headers.push(name, 'trailers')
        continue
      case 'keep-alive':
      case 'proxy-authorization':
      case 'proxy-authenticate':
      case 'http2-settings':
        continue
      case 'via':
        refuseLoop(value, pseudonym)
        break
      case 'content-length':
        count.lengths += 1
        length = value
        break
      case 'authorization':
        authorization = value
        break
      case 'trailer':
        hasTrailer = true
        break
    }
    headers.push(name, value)
  }
  judge(httpVersion, count, coding)
  const nominated = nominatedBy(connection)
  const able = hasTrailer && coding === undefined ? without(headers, TRAILER) : headers
  const kept = nominated.size === 0 ? able : without(able, nominated)
  kept.push('Via', `${httpVersion} ${pseudonym}`)
  return {
    headers: kept,
    hasBody: coding !== undefined || (length !== '' && !/^0+$/.test(length)),
    isChunked: coding !== undefined,
    expectsContinue: httpVersion !== '1.0' && /^100-continue$/i.test(expect.trim()),
    upgrade: upgrade !== undefined && /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(connection) ? upgrade : undefined,
    authorization,
  }
}

function judge(version: string, count: { hosts: number; lengths: number }, coding: string | undefined): void {
  const fault = faultOf(version, count, coding)
  if (fault !== undefined) throw new AppError('proxy.bad-request', fault)
}

function faultOf(
  version: string,
  { hosts, lengths }: { hosts: number; lengths: number },
  coding: string | undefined,
): string | undefined {
  if (version !== '1.1' && version !== '1.0')
    return `The request is of HTTP/${version}, and not of 1.1 or 1.0.`
  if (hosts > 1) return 'The request has more than one Host header.'
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2
  if (hosts === 0 && version === '1.1') return 'The request has no Host header.'
  if (lengths > 1) return 'The request has more than one Content-Length header.'
  if (coding === undefined) return undefined
  // https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (version === '1.0') return 'The request has Transfer-Encoding in HTTP/1.0.'
  if (lengths > 0) return 'The request has both Content-Length and Transfer-Encoding.'
  return coding.trim().toLowerCase() === 'chunked'
    ? undefined
    : 'The request has a Transfer-Encoding other than "chunked".'
}

function refuseLoop(via: string, pseudonym: string): void {
  if (via.includes(pseudonym))
    throw new AppError('proxy.loop', 'This request has come through this proxy already.')
}

/** Announces what only a chunked body can have; Node throws where it stands beside another one. */
export const TRAILER: ReadonlySet<string> = new Set(['trailer'])

const NONE: ReadonlySet<string> = new Set()

/** What "Connection" says belongs to this connection only. */
export function nominatedBy(connection: string): ReadonlySet<string> {
  // Nearly all there ever is.
  if (connection === '' || /^,(?:keep-alive|close)$/i.test(connection)) return NONE
  const names = connection
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => !NOT_NOMINABLE.has(name))
  return names.length === 0 ? NONE : new Set(names)
}

/** Not names of headers, or headers that no request can do without (RFC 9110 §7.6.1). */
const NOT_NOMINABLE: ReadonlySet<string> = new Set([
  '',
  'close',
  'keep-alive',
  'upgrade',
  'te',
  'host',
  'via',
  'content-length',
])

export function without(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? ''
    if (!names.has(name.toLowerCase())) kept.push(name, headers[index + 1] ?? '')
  }
  return kept
}
