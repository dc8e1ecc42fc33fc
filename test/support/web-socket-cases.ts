import { deflateRawSync } from 'node:zlib'

/**
 * Raw frames by the sections of the Autobahn testsuite (https://github.com/crossbario/autobahn-testsuite): what a
 * client sends after its handshake. The last frame is always a Close, unless the server has to fail before it.
 */
export interface WebSocketCase {
  readonly name: string
  readonly frames: readonly Buffer[]
  /** How many bytes go out with each write; all at once unless told. */
  readonly chop?: number
  readonly deflate?: boolean
}

const CONT = 0
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10

interface FrameOptions {
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
}

function frame(opcode: number, payload: Buffer | string = '', options: FrameOptions = {}): Buffer {
  const { fin = true, masked = true, rsv = 0 } = options
  const data = Buffer.from(payload as string)
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d])
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode]
  const bit = masked ? 0x80 : 0
  if (data.length < 126) head.push(bit | data.length)
  else if (data.length < 65_536) head.push(bit | 126, data.length >> 8, data.length & 0xff)
  else {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(data.length))
    head.push(bit | 127, ...length)
  }
  const body = masked ? data.map((byte, index) => byte ^ (mask[index % 4] ?? 0)) : data
  return Buffer.concat([Buffer.from(head), masked ? mask : Buffer.alloc(0), body])
}

function closing(code?: number, reason: Buffer | string = ''): Buffer {
  if (code === undefined) return frame(CLOSE)
  return frame(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason as string)]))
}

const DONE = closing(1000)

function row(name: string, frames: readonly Buffer[], more: Partial<WebSocketCase> = {}): WebSocketCase {
  return { name, frames: [...frames, DONE], ...more }
}

const LENGTHS = [0, 125, 126, 127, 128, 65_535, 65_536]
const part = (opcode: number, text: Buffer | string, fin = false): Buffer => frame(opcode, text, { fin })

function framing(): WebSocketCase[] {
  return [TEXT, BINARY].flatMap((opcode, kind) => [
    ...LENGTHS.map((length) =>
      row(`1.${kind + 1} ${length} bytes`, [frame(opcode, Buffer.alloc(length, '*'))]),
    ),
    row(`1.${kind + 1} 65536 bytes in pieces of 997`, [frame(opcode, Buffer.alloc(65_536, '*'))], {
      chop: 997,
    }),
  ])
}

function pings(): WebSocketCase[] {
  const bytes = Buffer.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff])
  return [
    row('2.1 ping without payload', [frame(PING)]),
    row('2.2 ping with text', [frame(PING, 'Hello, world!')]),
    row('2.3 ping with bytes', [frame(PING, bytes)]),
    row('2.4 ping of 125 bytes', [frame(PING, Buffer.alloc(125, 0xfe))]),
    row('2.5 ping of 126 bytes', [frame(PING, Buffer.alloc(126, 0xfe))]),
    row('2.6 ping in pieces of one byte', [frame(PING, Buffer.alloc(125, 0xfe))], { chop: 1 }),
    row('2.7 pong that nobody asked for', [frame(PONG)]),
    row('2.8 pong with payload', [frame(PONG, 'unasked')]),
    row('2.9 pong, then ping', [frame(PONG, 'unasked'), frame(PING, 'asked')]),
    row(
      '2.10 ten pings',
      Array.from({ length: 10 }, (_, index) => frame(PING, `payload-${index}`)),
    ),
  ]
}

function reserved(): WebSocketCase[] {
  const hello = frame(TEXT, 'Hello')
  return [1, 2, 3, 4, 5, 6, 7].flatMap((rsv) => [
    row(`3 reserved bits ${rsv} in text`, [hello, frame(TEXT, 'x', { rsv }), frame(PING)]),
    row(`3 reserved bits ${rsv} in ping`, [frame(PING, 'x', { rsv }), frame(PING)]),
  ])
}

function opcodes(): WebSocketCase[] {
  return [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    row(`4 opcode ${opcode}`, [frame(TEXT, 'Hello'), frame(opcode, opcode % 2 ? '' : 'x'), frame(PING)]),
  )
}

function fragmentation(): WebSocketCase[] {
  const text = [part(TEXT, 'frag1'), part(CONT, 'frag2', true)]
  return [
    row('5.1 ping in two fragments', [part(PING, 'frag1'), part(CONT, 'frag2', true)]),
    row('5.2 pong in two fragments', [part(PONG, 'frag1'), part(CONT, 'frag2', true)]),
    row('5.3 text in two fragments', text),
    row('5.5 text in two fragments, byte by byte', text, { chop: 1 }),
    row('5.6 ping between fragments', [part(TEXT, 'frag1'), frame(PING, 'now'), part(CONT, 'frag2', true)]),
    row('5.9 continuation of nothing, ended', [part(CONT, 'no start', true), frame(TEXT, 'Hello')]),
    row('5.12 continuation of nothing', [part(CONT, 'no start'), frame(TEXT, 'Hello')]),
    row('5.15 continuation after the end', [...text, part(CONT, 'frag3'), part(TEXT, 'frag4', true)]),
    row('5.18 a second start', [part(TEXT, 'frag1'), part(TEXT, 'frag2', true)]),
    row('5.19 five fragments with pings', [
      ...[part(TEXT, 'a'), part(CONT, 'b'), frame(PING, 'one'), part(CONT, 'c'), part(CONT, 'd')],
      ...[frame(PING, 'two'), part(CONT, 'e', true)],
    ]),
  ]
}

const VALID = [
  'Hello-µ@ßöäüàá-UTF-8!!',
  'κόσμε',
  '\u{0}',
  '\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}',
  '\u{10000}\u{10ffff}',
]
const INVALID = [
  '80',
  'bf',
  'c0af',
  'e080af',
  'f08080af',
  'fe',
  'ff',
  'f5',
  'f4908080',
  'eda080',
  'edbfbf',
  'c3',
  'e28c',
]

function utf8(): WebSocketCase[] {
  const half = Buffer.from('κόσμε')
  return [
    ...VALID.map((text, index) => row(`6.2 valid ${index}`, [frame(TEXT, text)])),
    ...VALID.map((text, index) =>
      row(
        `6.2 valid ${index} in a fragment for each byte`,
        [...Buffer.from(text)].map((byte, at, all) =>
          part(at === 0 ? TEXT : CONT, Buffer.of(byte), at === all.length - 1),
        ),
      ),
    ),
    ...INVALID.map((hex) => row(`6.3 invalid ${hex}`, [frame(TEXT, Buffer.from(`61${hex}`, 'hex'))])),
    row('6.4 invalid in the second fragment', [
      part(TEXT, half),
      part(CONT, Buffer.from('f4908080', 'hex')),
      part(CONT, 'edited', true),
    ]),
  ]
}

function closes(): WebSocketCase[] {
  const codes = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ]
  const bad = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]
  const only = (name: string, ...frames: Buffer[]): WebSocketCase => ({ name, frames })
  return [
    only('7.1.1 message, then close', frame(TEXT, 'Hello World!'), DONE),
    only('7.1.2 two closes', DONE, DONE),
    only('7.1.3 ping after close', DONE, frame(PING)),
    only('7.1.4 text after close', DONE, frame(TEXT, 'late')),
    only('7.1.5 close between fragments', part(TEXT, 'frag1'), DONE, part(CONT, 'frag2', true)),
    only('7.1.6 256 KiB, close, ping', frame(TEXT, Buffer.alloc(262_144, 'B')), DONE, frame(PING)),
    only('7.3.1 close without payload', closing()),
    only('7.3.2 close of one byte', frame(CLOSE, 'a')),
    only('7.3.4 close with reason', closing(1000, 'Hello World!')),
    only('7.3.5 reason of 123 bytes', closing(1000, '*'.repeat(123))),
    only('7.3.6 reason of 124 bytes', closing(1000, '*'.repeat(124))),
    only('7.5.1 reason that is no UTF-8', closing(1000, Buffer.from('cebae1bdb9f4908080', 'hex'))),
    ...codes.map((code) => only(`7.7 close ${code}`, closing(code))),
    ...bad.map((code) => only(`7.9 close ${code}`, closing(code))),
    only('7 a frame that is not masked', frame(TEXT, 'bare', { masked: false }), DONE),
  ]
}

function large(): WebSocketCase[] {
  const MIB = 2 ** 20
  return [65_536, 262_144, MIB, 4 * MIB].flatMap((length) => [
    row(`9.1 text of ${length}`, [frame(TEXT, Buffer.alloc(length, '*'))]),
    row(`9.2 binary of ${length}`, [frame(BINARY, Buffer.alloc(length, 0xfe))]),
    row(
      `9.3 text of ${length} in 16 fragments`,
      Array.from({ length: 16 }, (_, at) =>
        part(at === 0 ? TEXT : CONT, Buffer.alloc(length / 16, '*'), at === 15),
      ),
    ),
  ])
}

function compressed(): WebSocketCase[] {
  const squeezed = (text: Buffer | string): Buffer => {
    const bytes = deflateRawSync(text, { finishFlush: 2 })
    return bytes.subarray(0, bytes.length - 4)
  }
  const json = JSON.stringify(Array.from({ length: 2_000 }, (_, id) => ({ id, name: `row ${id}` })))
  const whole = squeezed(json)
  const at = whole.length >> 1
  return [
    row('12 short text', [frame(TEXT, squeezed('Hello'), { rsv: 4 })]),
    row('12 long text', [frame(TEXT, whole, { rsv: 4 })]),
    row('12 long text byte by byte', [frame(TEXT, squeezed('Hello'), { rsv: 4 })], { chop: 1 }),
    row('12 in two fragments', [
      frame(TEXT, whole.subarray(0, at), { rsv: 4, fin: false }),
      part(CONT, whole.subarray(at), true),
    ]),
    row('12 not compressed although it might', [frame(TEXT, 'plain')]),
    row('12 no deflate', [frame(TEXT, 'never compressed', { rsv: 4 })]),
    row('12 the bit in a continuation', [
      frame(TEXT, whole.subarray(0, at), { rsv: 4, fin: false }),
      frame(CONT, whole.subarray(at), { rsv: 4 }),
    ]),
    row('12 a megabyte of nothing', [frame(BINARY, squeezed(Buffer.alloc(2 ** 20)), { rsv: 4 })]),
  ].map((one) => ({ ...one, deflate: true }))
}

export const WEB_SOCKET_CASES: readonly (readonly [section: string, cases: readonly WebSocketCase[]])[] = [
  ['1 framing', framing()],
  ['2 pings and pongs', pings()],
  ['3 reserved bits', reserved()],
  ['4 opcodes', opcodes()],
  ['5 fragmentation', fragmentation()],
  ['6 UTF-8', utf8()],
  ['7 close handling', closes()],
  ['9 large messages', large()],
  ['12 compression', compressed()],
]
