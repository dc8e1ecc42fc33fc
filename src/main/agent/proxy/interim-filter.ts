import type { Duplex } from 'node:stream'

const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS_LINE_START = 'HTTP/1.x 100'.length
const BEFORE_STATUS = 'HTTP/1.'
const HELD_MAX_BYTES = 16_384

/**
 * Takes "100 Continue" out of what a host answers before undici reads it: hosts may send it unasked (RFC 9110 §15.2),
 * and undici takes the connection for broken then. To be dropped when undici lets it pass.
 */
export class InterimFilter {
  private onContinue: (() => void) | undefined
  private held: Buffer | undefined

  constructor(stream: Duplex) {
    const read = stream.read.bind(stream)
    stream.read = (size?: number): Buffer | null => {
      const bytes: Buffer | null = read(size)
      return bytes === null || this.onContinue === undefined ? bytes : this.pass(bytes)
    }
  }

  /** The next bytes are the beginning of an answer. */
  expectAnswer(onContinue: () => void): void {
    this.onContinue = onContinue
    this.held = undefined
  }

  private pass(more: Buffer): Buffer | null {
    let bytes = this.held === undefined ? more : Buffer.concat([this.held, more])
    this.held = undefined
    while (bytes.length >= STATUS_LINE_START && isContinue(bytes)) {
      const end = bytes.indexOf(HEAD_END)
      if (end < 0) return this.hold(bytes)
      this.onContinue?.()
      bytes = bytes.subarray(end + HEAD_END.length)
    }
    if (bytes.length < STATUS_LINE_START && BEFORE_STATUS.startsWith(bytes.toString('latin1', 0, 7)))
      return this.hold(bytes)
    this.onContinue = undefined
    return bytes
  }

  private hold(bytes: Buffer): Buffer | null {
    if (bytes.length > HELD_MAX_BYTES) {
      this.onContinue = undefined
      return bytes
    }
    this.held = bytes
    return null
  }
}

function isContinue(bytes: Buffer): boolean {
  return bytes[9] === 0x31 && bytes[10] === 0x30 && bytes[11] === 0x30 && bytes[8] === 0x20
}
