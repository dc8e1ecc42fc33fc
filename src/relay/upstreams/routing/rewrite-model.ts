import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from '../../json-bytes.ts'

/**
 * Writes another model into a request and leaves every other byte as the client wrote it: unknown fields, the order
 * of keys and the spelling of numbers. A `model` that stands there twice is replaced twice, so that nobody
 * further on can read another one than the relay did.
 *
 * @param json a JSON object, known to be a valid one.
 */
export function rewriteModel(json: Buffer, model: string): Buffer {
  const pieces: Buffer[] = []
  const text = Buffer.from(JSON.stringify(model))
  let copied = 0
  for (const { start, end } of valuesOf(json, 'model')) {
    pieces.push(json.subarray(copied, start), text)
    copied = end
  }
  return copied === 0 ? json : Buffer.concat([...pieces, json.subarray(copied)])
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Where the values of a member of the outermost object stand, without the blanks around them. */
function valuesOf(json: Buffer, name: string): Span[] {
  const found: Span[] = []
  let depth = 0
  let key = ''
  let valueStart: number | undefined
  const endMember = (end: number): void => {
    if (valueStart !== undefined && JSON.parse(key) === name) found.push(trimmed(json, valueStart, end))
    valueStart = undefined
  }
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case QUOTE: {
        const end = endOfString(json, at)
        if (depth === 1 && valueStart === undefined) key = json.toString('utf8', at, end + 1)
        at = end
        break
      }
      case COLON:
        if (depth === 1) valueStart = at + 1
        break
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth += 1
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        depth -= 1
        if (depth === 0) endMember(at)
        break
      case COMMA:
        if (depth === 1) endMember(at)
    }
  }
  return found
}

/** Jumps from quote to quote: nearly all of a long request is text. */
function endOfString(json: Buffer, start: number): number {
  for (let end = json.indexOf(QUOTE, start + 1); end !== -1; end = json.indexOf(QUOTE, end + 1)) {
    let backslashes = 0
    while (json[end - 1 - backslashes] === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return end
  }
  return json.length
}

function trimmed(json: Buffer, from: number, to: number): Span {
  let start = from
  let end = to
  while (isBlank(json[start])) start += 1
  while (end > start && isBlank(json[end - 1])) end -= 1
  return { start, end }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}
