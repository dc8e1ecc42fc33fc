import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http'

/** What a request shows of itself to nobody but its host. */
const SECRET = /^(?:authorization|cookie|proxy-authorization)$/i

/**
 * How many more may pass a request on that asks about the way to its host (RFC 9110 §7.6.2), and one less for the next.
 *
 * @param headers names and values by turns, in which the field is lowered.
 * @returns undefined where the field says nothing.
 */
export function lowerMaxForwards(method: string, headers: string[]): number | undefined {
  if (method !== 'OPTIONS' && method !== 'TRACE') return undefined
  const index = headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'max-forwards')
  const value = headers[index + 1] ?? ''
  if (index < 0 || !/^[0-9]{1,9}$/.test(value)) return undefined
  if (Number(value) > 0) headers[index + 1] = String(Number(value) - 1)
  return Number(value)
}

/** Answers as if this were its host: with the methods that pass, or with the request as it arrived. */
export function answerAsLast(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'TRACE') {
    const body = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n${fieldsOf(request)}\r\n`
    response.writeHead(200, {
      'Content-Type': 'message/http',
      'Content-Length': Buffer.byteLength(body, 'latin1'),
    })
    response.end(body, 'latin1')
  } else {
    response.writeHead(200, { Allow: METHODS.join(', '), 'Content-Length': 0 })
    response.end()
  }
}

function fieldsOf({ rawHeaders }: IncomingMessage): string {
  let fields = ''
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (!SECRET.test(rawHeaders[index] ?? '')) fields += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`
  return fields
}
