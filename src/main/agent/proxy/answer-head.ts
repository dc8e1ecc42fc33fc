import { AppError } from '../../../shared/errors/app-error.ts'
import { nominatedBy, without } from './request-head.ts'

/** The headers of an answer as they are to be passed back. */
export interface AnswerHead {
  /** Names and values by turns, in their order and spelling. */
  readonly headers: string[]
  /** Undefined where the end of the body is told in another way. */
  readonly length: number | undefined
}

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'proxy-connection', 'keep-alive', 'upgrade', 'te', 'transfer-encoding'],
  ...['proxy-authenticate', 'proxy-authentication-info', 'proxy-authorization'],
])

/** Whether a field of an answer is for one connection only, whatever Connection says. @param name in lower case. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name)
}

/**
 * Takes those headers away that are for one connection only (RFC 9110 §7.6.1) and adds Via.
 *
 * @param raw names and values by turns, in Latin-1 where they are bytes.
 * @throws AppError `egress.bad-answer` for a body that is coded in a way that would get lost here.
 */
export function readAnswerHead(raw: readonly (string | Buffer)[], pseudonym: string): AnswerHead {
  const headers: string[] = []
  let connection = ''
  let length: number | undefined
  for (let index = 0; index < raw.length; index += 2) {
    const name = textOf(raw[index])
    const value = textOf(raw[index + 1])
    switch (name.toLowerCase()) {
      case 'connection':
      case 'proxy-connection':
        connection += `,${value}`
        continue
      case 'transfer-encoding':
        if (value.trim().toLowerCase() !== 'chunked')
          throw new AppError('egress.bad-answer', `The host answered in the coding ${JSON.stringify(value)}.`)
        continue
      case 'content-length':
        length = Number(value)
        break
    }
    if (!isHopByHop(name.toLowerCase())) headers.push(name, value)
  }
  const nominated = nominatedBy(connection)
  const kept = nominated.size === 0 ? headers : without(headers, nominated)
  kept.push('Via', `1.1 ${pseudonym}`)
  return { headers: kept, length }
}

const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Fields after the body that may stand there (RFC 9110 §6.5.1). */
export function readTrailers(raw: readonly (string | Buffer)[]): [string, string][] {
  const trailers: [string, string][] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = textOf(raw[index])
    if (!NOT_IN_TRAILERS.has(name.toLowerCase())) trailers.push([name, textOf(raw[index + 1])])
  }
  return trailers
}

function textOf(part: string | Buffer | undefined): string {
  return typeof part === 'string' ? part : (part?.toString('latin1') ?? '')
}
