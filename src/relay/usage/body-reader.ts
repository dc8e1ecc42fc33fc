import { JsonExtractor } from './json-extractor.ts'
import { Measurement } from './measurement.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const COLON = 0x3a
const SPACE = 0x20
const OPEN_OBJECT = 0x7b

const DATA_FIELD = 'data'

type Format = 'unknown' | 'json' | 'events' | 'unreadable'

/**
 * Reads usage out of a response body as it passes by: JSON, newline-separated JSON or server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream), cut anywhere.
 */
export class BodyReader {
  readonly measurement: Measurement
  private format: Format
  private readonly extractor: JsonExtractor
  /** Name of the field of the current line as far as it matters; undefined once its value is read. */
  private field: string | undefined = ''
  private inData = false
  private lineIsEmpty = true
  /** The optional space after `data:` has not been passed yet. */
  private atValueStart = false
  /** The line before ended with CR, so an LF now belongs to it. */
  private afterReturn = false

  constructor(contentType: string, contentEncoding: string, wantsModel: boolean) {
    this.format = formatOf(contentType, contentEncoding)
    this.measurement = new Measurement()
    this.extractor = new JsonExtractor(
      wantsModel ? Measurement.WANTED_WITH_MODEL : Measurement.WANTED,
      (key, json) => this.measurement.take(key, json),
    )
  }

  read(chunk: Uint8Array): void {
    if (this.format === 'unknown') this.format = sniff(chunk)
    if (this.format === 'json') this.extractor.feed(chunk, 0, chunk.length)
    else if (this.format === 'events') this.readEvents(chunk)
  }

  private readEvents(chunk: Uint8Array): void {
    let index = 0
    while (index < chunk.length) {
      if (this.inData) {
        const end = lineEnd(chunk, index)
        this.readData(chunk, index, end)
        index = end
        if (index < chunk.length) this.endLine(chunk[index++])
      } else {
        this.readFieldName(chunk[index++])
      }
    }
  }

  private readData(chunk: Uint8Array, start: number, end: number): void {
    if (start >= end) return
    const skip = this.atValueStart && chunk[start] === SPACE ? 1 : 0
    this.atValueStart = false
    this.extractor.feed(chunk, start + skip, end)
  }

  private readFieldName(byte: number | undefined): void {
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      this.endLine(byte)
      return
    }
    this.lineIsEmpty = false
    this.afterReturn = false
    if (this.field === undefined || byte === undefined) return
    if (byte === COLON) {
      this.inData = this.field === DATA_FIELD
      this.atValueStart = this.inData
      this.field = undefined
      return
    }
    // A byte order mark at the very start only hides the first field, which holds no usage.
    this.field = this.field.length < DATA_FIELD.length ? this.field + String.fromCharCode(byte) : undefined
  }

  private endLine(byte: number | undefined): void {
    const isSecondHalf = byte === LINE_FEED && this.afterReturn && this.lineIsEmpty
    // A blank line ends the event, and with it a document that was cut off.
    if (this.lineIsEmpty && !isSecondHalf) this.extractor.reset()
    this.afterReturn = byte === CARRIAGE_RETURN
    this.field = ''
    this.inData = false
    this.lineIsEmpty = true
  }
}

function formatOf(contentType: string, contentEncoding: string): Format {
  // Upstreams are asked for identity; one that compresses all the same is passed through but not understood.
  if (contentEncoding !== '' && contentEncoding.toLowerCase() !== 'identity') return 'unreadable'
  const type = contentType.toLowerCase()
  if (type.includes('text/event-stream')) return 'events'
  if (type.includes('json')) return 'json'
  return type === '' ? 'unknown' : 'unreadable'
}

/** For the odd upstream that does not name its content: JSON begins with a brace, events do not. */
function sniff(chunk: Uint8Array): Format {
  for (const byte of chunk) {
    if (byte > SPACE) return byte === OPEN_OBJECT ? 'json' : 'events'
  }
  return 'unknown'
}

function lineEnd(chunk: Uint8Array, start: number): number {
  let index = start
  while (index < chunk.length && chunk[index] !== LINE_FEED && chunk[index] !== CARRIAGE_RETURN) index += 1
  return index
}
