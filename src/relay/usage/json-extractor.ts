import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from '../json-bytes.ts'

const KEY_MAX_BYTES = 48
/** Of one wanted value; a larger one is dropped, since no usage object is that big. */
const CAPTURE_MAX_BYTES = 65_536

export interface Wanted {
  /** Keys whose values are handed out, at the root and inside a container. */
  readonly keys: ReadonlySet<string>
  /** Keys of root members that are looked into, such as `response` and `message`. */
  readonly containers: ReadonlySet<string>
}

/**
 * Picks a few members out of JSON text that arrives in pieces of any size, without keeping the rest: a reply of
 * many megabytes costs as much memory as one of a hundred bytes. Looks one level deep, plus one into the named
 * containers. Broken JSON makes it find less, never fail. Several documents may follow each other.
 *
 * Keys written with escapes are not recognised; no upstream writes its own field names that way.
 */
export class JsonExtractor {
  private readonly wanted: Wanted
  private readonly found: (key: string, json: string) => void
  private depth = 0
  private rootIsObject = false
  /** Depth 2 is a container that is looked into. */
  private inContainer = false
  /** The object that we stand directly in is one whose keys matter. */
  private keyed = false
  private expectsKey = false
  private inString = false
  private escaped = false
  private readsKey = false
  private key = ''
  private awaitsValue = false
  private capturing = false
  private captureDepth = 0
  private captureStart = 0
  private captureSize = 0
  private captured: Buffer[] = []

  constructor(wanted: Wanted, found: (key: string, json: string) => void) {
    this.wanted = wanted
    this.found = found
  }

  /** Forgets a document that was cut off. */
  reset(): void {
    this.depth = 0
    this.rootIsObject = false
    this.inContainer = false
    this.keyed = false
    this.expectsKey = false
    this.inString = false
    this.escaped = false
    this.readsKey = false
    this.awaitsValue = false
    this.dropCapture()
  }

  /** Reads `chunk` from `start` to before `end`. */
  feed(chunk: Uint8Array, start: number, end: number): void {
    this.captureStart = start
    let index = start
    while (index < end) {
      if (this.inString) index = this.readString(chunk, index, end)
      else {
        this.readStructure(chunk, index)
        index += 1
      }
    }
    if (this.capturing) this.keep(chunk, end)
  }

  private readString(chunk: Uint8Array, start: number, end: number): number {
    let index = start
    while (index < end) {
      const byte = chunk[index]
      index += 1
      if (this.escaped) this.escaped = false
      else if (byte === BACKSLASH) {
        this.escaped = true
        if (this.readsKey) this.key = ''
      } else if (byte === QUOTE) {
        this.endString(chunk, index)
        return index
      } else if (this.readsKey && byte !== undefined && this.key.length < KEY_MAX_BYTES) {
        this.key += String.fromCharCode(byte)
      }
    }
    return index
  }

  private endString(chunk: Uint8Array, end: number): void {
    this.inString = false
    if (this.readsKey) this.readsKey = false
    else if (this.capturing && this.depth === this.captureDepth) this.endCapture(chunk, end)
  }

  private readStructure(chunk: Uint8Array, index: number): void {
    switch (chunk[index]) {
      case QUOTE:
        if (this.expectsKey) {
          this.readsKey = true
          this.key = ''
        } else this.beginValue(index)
        this.inString = true
        return
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.beginValue(index)
        this.open(chunk[index] === OPEN_OBJECT)
        return
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        this.close(chunk, index)
        return
      case COLON:
        if (!this.keyed) return
        this.expectsKey = false
        this.awaitsValue = !this.capturing && this.wanted.keys.has(this.key)
        return
      case COMMA:
        if (this.capturing && this.depth === this.captureDepth) this.endCapture(chunk, index)
        this.expectsKey = this.keyed
        return
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        return
      default:
        this.beginValue(index)
    }
  }

  private open(isObject: boolean): void {
    this.depth += 1
    if (this.depth === 1) this.rootIsObject = isObject
    if (this.depth === 2) {
      this.inContainer =
        isObject && this.rootIsObject && !this.capturing && this.wanted.containers.has(this.key)
    }
    this.updateKeyed()
    this.expectsKey = this.keyed
  }

  private close(chunk: Uint8Array, index: number): void {
    // A bare number or literal ends with the object around it.
    if (this.capturing && this.depth === this.captureDepth) this.endCapture(chunk, index)
    if (this.depth > 0) this.depth -= 1
    if (this.capturing && this.depth === this.captureDepth) this.endCapture(chunk, index + 1)
    this.awaitsValue = false
    this.updateKeyed()
    this.expectsKey = false
    // What follows in the root object must not be taken for a member of the container that just ended.
    if (this.depth === 1) this.key = ''
  }

  private updateKeyed(): void {
    this.keyed =
      !this.capturing && ((this.depth === 1 && this.rootIsObject) || (this.depth === 2 && this.inContainer))
  }

  private beginValue(index: number): void {
    if (!this.awaitsValue) return
    this.awaitsValue = false
    this.capturing = true
    this.captureDepth = this.depth
    this.captureStart = index
  }

  private endCapture(chunk: Uint8Array, end: number): void {
    this.keep(chunk, end)
    const complete = this.captureSize <= CAPTURE_MAX_BYTES
    const json = complete ? Buffer.concat(this.captured).toString('utf8') : ''
    this.dropCapture()
    this.updateKeyed()
    if (complete) this.found(this.key, json)
  }

  /** Copies, because the chunk belongs to the socket and may be reused. */
  private keep(chunk: Uint8Array, end: number): void {
    this.captureSize += end - this.captureStart
    if (this.captureSize <= CAPTURE_MAX_BYTES) {
      this.captured.push(Buffer.from(chunk.subarray(this.captureStart, end)))
    } else this.captured = []
  }

  private dropCapture(): void {
    this.capturing = false
    this.captureSize = 0
    this.captured = []
  }
}
