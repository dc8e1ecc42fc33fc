import { isHopByHop } from '../answer-head.ts'
import { readPlainFields } from './fields.ts'

export interface PlainAnswer {
  /** As it is to be passed back: what belongs to one connection only is taken away, Via is added, the end is open. */
  readonly head: string
  /** Where the body begins. */
  readonly bodyAt: number
  /** Bytes of the body. */
  readonly length: number
  /** Whether the host takes another request on this connection. */
  readonly isKept: boolean
}

const HEAD_MAX_BYTES = 16_384
/** No interim answers, and none of those without content that may be told by the status alone. */
const STATUS_LINE = /^HTTP\/1\.1 (?!204|205)([2-5][0-9]{2}) [ -~]{0,128}\r\n/
/** These say how the body is to be read in another way than by its length, or what else is for one connection only. */
const NOT_PLAIN = /^(?:transfer-encoding|trailer|upgrade|te|proxy-connection)$/
const LENGTH = /^[0-9]{1,15}$/
const H = 0x48

/**
 * An answer whose head has come whole, has nothing in it that could be read in two ways, and says once how long its body
 * is (RFC 9112 §6.3). Whatever is not exactly this is for undici's parser to judge, and is not refused here.
 *
 * @param isHead whether it answers HEAD: then there is no body.
 */
export function readPlainAnswer(bytes: Buffer, isHead: boolean, pseudonym: string): PlainAnswer | undefined {
  if (bytes[0] !== H) return undefined
  const end = bytes.subarray(0, HEAD_MAX_BYTES).indexOf('\r\n\r\n', 0, 'latin1')
  if (end < 0) return undefined
  const text = bytes.toString('latin1', 0, end + 2)
  const [line = '', status = ''] = STATUS_LINE.exec(text) ?? []
  const fields = line === '' ? undefined : readPlainFields(text, line.length)
  if (fields === undefined) return undefined
  let head = line
  let length: string | undefined
  let connection: string | undefined
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? ''
    const value = fields[index + 1] ?? ''
    const key = name.toLowerCase()
    if (key === 'connection') connection = connection === undefined ? value.toLowerCase() : ''
    if (NOT_PLAIN.test(key) || (key === 'content-length' && length !== undefined)) return undefined
    if (key === 'content-length') length = value
    if (!isHopByHop(key)) head += `${name}: ${value}\r\n`
  }
  const hasBody = !isHead && status !== '304'
  const isKept = connection === undefined || connection === 'keep-alive'
  if (!isKept && connection !== 'close') return undefined
  if (hasBody ? length === undefined || !LENGTH.test(length) : length !== undefined && !LENGTH.test(length))
    return undefined
  return {
    head: `${head}Via: 1.1 ${pseudonym}\r\n`,
    bodyAt: end + 4,
    length: hasBody ? Number(length) : 0,
    isKept,
  }
}
