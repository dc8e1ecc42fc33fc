import type { IncomingMessage } from 'node:http'
import { HOP_BY_HOP } from '../../node/hop-by-hop.ts'
import { BASE_HOST_HEADER } from '../../shared/protocol/base-host.ts'

const TOKEN_OF_OURS = /^(?:bearer +)?sb[ac]_/i

/** Names and values by turns, as they came, but for what belongs to this connection. */
function passedOn(message: IncomingMessage, dropped: ReadonlySet<string>): string[] {
  const nominated = (message.headers.connection ?? '').toLowerCase().split(/[ ,]+/)
  const kept: string[] = []
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(index, index + 2)
    const plain = name.toLowerCase()
    if (!HOP_BY_HOP.has(plain) && !nominated.includes(plain) && !dropped.has(plain)) kept.push(name, value)
  }
  return kept
}

export interface Credential {
  readonly token: string
  /** Also in place of a token that the client has sent. */
  readonly always: boolean
}

/** Names the relay in Host, and beside it what the client had there. */
export function requestHeaders(
  request: IncomingMessage,
  host: string,
  credential: Credential | undefined,
): string[] {
  const { authorization = '', 'x-api-key': apiKey = '', host: base } = request.headers
  const hasToken = [authorization, String(apiKey)].some((value) => TOKEN_OF_OURS.test(value))
  const token = credential !== undefined && (credential.always || !hasToken) ? credential.token : undefined
  const dropped = ['host', BASE_HOST_HEADER, ...(token === undefined ? [] : ['authorization'])]
  return [
    ...['Host', host],
    ...(base === undefined ? [] : [BASE_HOST_HEADER, base]),
    ...(token === undefined ? [] : ['Authorization', `Bearer ${token}`]),
    ...passedOn(request, new Set(dropped)),
  ]
}

const FRAMING = new Set(['transfer-encoding'])

export function answerHeaders(answer: IncomingMessage): string[] {
  const closes = /\bclose\b/i.test(answer.headers.connection ?? '')
  return [...passedOn(answer, FRAMING), ...(closes ? ['Connection', 'close'] : [])]
}
