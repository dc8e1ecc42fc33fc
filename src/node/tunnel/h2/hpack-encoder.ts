import { type Field, STATIC_NAMES, STATIC_TABLE } from './static-table.ts'

/** RFC 7541 §6.3: there is no table, whatever size the other side allows, now or later. */
const NO_TABLE = 0x20

/** Header blocks of one connection (RFC 7541 §6): nothing is kept, as no two of a tunnel are alike. */
export class HpackEncoder {
  private isFirst = true

  encode(fields: readonly Field[]): Buffer {
    const octets: number[] = []
    if (this.isFirst) octets.push(NO_TABLE)
    this.isFirst = false
    for (const [name, value] of fields) {
      const index = STATIC_NAMES.get(name) ?? 0
      const whole = STATIC_TABLE.findIndex((row) => row[0] === name && row[1] === value)
      if (whole >= 0 && value !== '') {
        integer(octets, 0x80, 7, whole + 1)
        continue
      }
      integer(octets, 0, 4, index)
      if (index === 0) text(octets, name)
      text(octets, value)
    }
    return Buffer.from(octets)
  }
}

/** RFC 7541 §5.1. */
function integer(octets: number[], pattern: number, prefixBits: number, value: number): void {
  const most = 2 ** prefixBits - 1
  if (value < most) {
    octets.push(pattern | value)
    return
  }
  octets.push(pattern | most)
  let rest = value - most
  while (rest >= 0x80) {
    octets.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  octets.push(rest)
}

function text(octets: number[], value: string): void {
  const data = Buffer.from(value, 'latin1')
  integer(octets, 0, 7, data.length)
  for (const octet of data) octets.push(octet)
}
