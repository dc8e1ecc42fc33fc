import { CODE, FLAG, H2Error } from './codes.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import type { Field } from './static-table.ts'

export interface Block {
  readonly id: number
  /** Nothing follows it on its stream. */
  readonly isEnd: boolean
  /** Undefined where there are too many. */
  readonly fields: Field[] | undefined
}

/** Puts HEADERS and CONTINUATION together (RFC 9113 §4.3, §6.2 and §6.10), within a bound. */
export class HeaderBlocks {
  private readonly maxBytes: number
  private readonly decoder: HpackDecoder
  private open: { readonly id: number; readonly isEnd: boolean; parts: Buffer[]; bytes: number } | undefined

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
    this.decoder = new HpackDecoder(maxBytes)
  }

  /** The other side has agreed to send without a table. */
  dropTable(): void {
    this.decoder.limitTable(0)
  }

  /** @throws H2Error where a block is not complete. */
  refuseOther(): void {
    if (this.open !== undefined) throw new H2Error(CODE.protocolError, 'another frame among headers')
  }

  /** @returns what is complete. @throws H2Error */
  begin(id: number, flags: number, payload: Buffer): Block | undefined {
    if (id === 0) throw new H2Error(CODE.protocolError, 'headers of no stream')
    const isPadded = (flags & FLAG.padded) !== 0
    const from = (isPadded ? 1 : 0) + ((flags & FLAG.priority) === 0 ? 0 : 5)
    const to = payload.length - (isPadded ? (payload[0] ?? 0) : 0)
    if (from > to) throw new H2Error(CODE.protocolError, 'padding longer than its frame')
    this.open = { id, isEnd: (flags & FLAG.endStream) !== 0, parts: [], bytes: 0 }
    return this.take(payload.subarray(from, to), flags)
  }

  /** @returns what is complete. @throws H2Error */
  continue(id: number, flags: number, payload: Buffer): Block | undefined {
    if (this.open?.id !== id) throw new H2Error(CODE.protocolError, 'a continuation of nothing')
    return this.take(payload, flags)
  }

  private take(part: Buffer, flags: number): Block | undefined {
    const { open } = this
    if (open === undefined) return undefined
    open.bytes += part.length
    if (open.bytes > this.maxBytes) throw new H2Error(CODE.enhanceYourCalm, 'headers that are too long')
    const isLast = (flags & FLAG.endHeaders) !== 0
    open.parts.push(isLast ? part : Buffer.from(part))
    if (!isLast) return undefined
    this.open = undefined
    const { id, isEnd, parts } = open
    return { id, isEnd, fields: this.decoder.decode(Buffer.concat(parts)) }
  }
}
