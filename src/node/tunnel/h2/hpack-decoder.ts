import { CODE, H2Error } from './codes.ts'
import { decodeHuffman } from './huffman.ts'
import { type Field, STATIC_TABLE } from './static-table.ts'

/** What an entry counts besides its octets (RFC 7541 §4.1). */
const ENTRY_BYTES = 32
const DEFAULT_TABLE_BYTES = 4096
/** More octets than any integer of ours needs (RFC 7541 §5.1). */
const MAX_INTEGER = 2 ** 28

/** Header blocks of one connection in their order (RFC 7541). Text is latin1. */
export class HpackDecoder {
  /** The newest first. */
  private readonly table: Field[] = []
  private tableBytes = 0
  private tableMax: number
  private limit: number
  private readonly maxListBytes: number
  private block: Uint8Array = new Uint8Array()
  private at = 0

  /** @param maxListBytes of the fields of one block, each with 32 more (RFC 9113 §6.5.2). */
  constructor(maxListBytes: number, tableBytes = DEFAULT_TABLE_BYTES) {
    this.maxListBytes = maxListBytes
    this.tableMax = tableBytes
    this.limit = tableBytes
  }

  /** The other side has agreed to a table of this size at most. */
  limitTable(bytes: number): void {
    this.limit = bytes
    if (this.tableMax > bytes) this.resize(bytes)
  }

  /** @returns undefined for a list that is too long; the table is right afterwards. @throws H2Error */
  decode(block: Uint8Array): Field[] | undefined {
    this.block = block
    this.at = 0
    const fields: Field[] = []
    let bytes = 0
    let mayResize = true
    while (this.at < block.length) {
      const first = block[this.at] ?? 0
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) throw broken('a change of the table after a field')
        const size = this.integer(5)
        if (size > this.limit) throw broken('a table larger than was agreed on')
        this.resize(size)
        continue
      }
      mayResize = false
      const field = this.field(first)
      bytes += sizeOf(field)
      if (bytes <= this.maxListBytes) fields.push(field)
    }
    this.block = new Uint8Array()
    return bytes > this.maxListBytes ? undefined : fields
  }

  /** RFC 7541 §6.1 and §6.2. */
  private field(first: number): Field {
    if (first >= 0x80) return this.entry(this.integer(7))
    const isKept = first >= 0x40
    const index = this.integer(isKept ? 6 : 4)
    const name = index === 0 ? this.text() : this.entry(index)[0]
    const field = [name, this.text()] as const
    if (isKept) this.keep(field)
    return field
  }

  private entry(index: number): Field {
    const field = STATIC_TABLE[index - 1] ?? this.table[index - 1 - STATIC_TABLE.length]
    if (field === undefined) throw broken(`the index ${index}, which is of no entry`)
    return field
  }

  private keep(field: Field): void {
    this.table.unshift(field)
    this.tableBytes += sizeOf(field)
    this.evict()
  }

  private resize(bytes: number): void {
    this.tableMax = bytes
    this.evict()
  }

  private evict(): void {
    while (this.tableBytes > this.tableMax) {
      const oldest = this.table.pop()
      if (oldest !== undefined) this.tableBytes -= sizeOf(oldest)
    }
  }

  private octet(): number {
    const octet = this.block[this.at]
    if (octet === undefined) throw broken('a header block that stops short')
    this.at += 1
    return octet
  }

  /** RFC 7541 §5.1. */
  private integer(prefixBits: number): number {
    const most = 2 ** prefixBits - 1
    let value = this.octet() & most
    if (value < most) return value
    for (let factor = 1; factor < MAX_INTEGER; factor *= 128) {
      const octet = this.octet()
      value += (octet & 0x7f) * factor
      if (octet < 0x80) return value
    }
    throw broken('an integer that is too long')
  }

  /** RFC 7541 §5.2. */
  private text(): string {
    const isHuffman = ((this.block[this.at] ?? 0) & 0x80) !== 0
    const length = this.integer(7)
    const end = this.at + length
    if (end > this.block.length) throw broken('a header block that stops short')
    const data = this.block.subarray(this.at, end)
    this.at = end
    return isHuffman
      ? decodeHuffman(data)
      : Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1')
  }
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + ENTRY_BYTES
}

function broken(what: string): H2Error {
  return new H2Error(CODE.compressionError, what)
}
