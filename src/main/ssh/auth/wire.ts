/** Builds and reads the strings of RFC 4251, section 5: four bytes of length, then the content. */
export function packString(content: Buffer | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A positive number: no leading zeros, but one where the first bit would read as a sign. */
export function packNumber(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  return packString((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits)
}

export function packUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Reads from front to back; throws a RangeError where the bytes end too early. */
export class WireReader {
  private readonly bytes: Buffer
  private at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  string(): Buffer {
    const end = this.uint32() + this.at
    if (end > this.bytes.length) throw new RangeError('A string is longer than what holds it.')
    const content = this.bytes.subarray(this.at, end)
    this.at = end
    return content
  }

  text(): string {
    return this.string().toString('utf8')
  }

  uint32(): number {
    const value = this.bytes.readUInt32BE(this.at)
    this.at += 4
    return value
  }

  byte(): number {
    return this.bytes.readUInt8(this.at++)
  }

  rest(): Buffer {
    return this.bytes.subarray(this.at)
  }
}
