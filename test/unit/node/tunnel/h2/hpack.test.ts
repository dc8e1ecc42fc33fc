import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { H2Error } from '../../../../../src/node/tunnel/h2/codes.ts'
import { HpackDecoder } from '../../../../../src/node/tunnel/h2/hpack-decoder.ts'
import { HpackEncoder } from '../../../../../src/node/tunnel/h2/hpack-encoder.ts'
import { decodeHuffman } from '../../../../../src/node/tunnel/h2/huffman.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const MAX = 16_384

/** Blocks of one connection in their order, and what each says. */
function decodesAs(
  rows: readonly (readonly [block: string, fields: string])[],
  tableBytes?: number,
): HpackDecoder {
  const decoder = new HpackDecoder(MAX, tableBytes)
  for (const [block, fields] of rows) {
    const decoded = decoder.decode(hex(block))
    expect(decoded?.map(([name, value]) => `${name}: ${value}`)).toEqual(fields.split('\n'))
  }
  return decoder
}

const REQUESTS = [
  ':method: GET\n:scheme: http\n:path: /\n:authority: www.example.com',
  ':method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache',
  ':method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value',
] as const
const DATES = ['Mon, 21 Oct 2013 20:13:21 GMT', 'Mon, 21 Oct 2013 20:13:22 GMT']
const COOKIE = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'
const answer = (status: number, date = DATES[0]): string =>
  `:status: ${status}\ncache-control: private\ndate: ${date}\nlocation: https://www.example.com`
const ANSWERS = [
  answer(302),
  answer(307),
  `:status: 200\ncache-control: private\ndate: ${DATES[1]}\nlocation: https://www.example.com\ncontent-encoding: gzip\nset-cookie: ${COOKIE}`,
] as const

// https://www.rfc-editor.org/rfc/rfc7541#appendix-C
describe('the examples of RFC 7541', () => {
  test('one field in each representation', () => {
    decodesAs([
      ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key: custom-header'],
    ])
    decodesAs([['040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path']])
    decodesAs([['1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret']])
    decodesAs([['82', ':method: GET']])
  })

  test('requests without Huffman coding', () => {
    decodesAs([
      ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', REQUESTS[0]],
      ['8286 84be 5808 6e6f 2d63 6163 6865', REQUESTS[1]],
      ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', REQUESTS[2]],
    ])
  })

  test('requests with Huffman coding', () => {
    decodesAs([
      ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', REQUESTS[0]],
      ['8286 84be 5886 a8eb 1064 9cbf', REQUESTS[1]],
      ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', REQUESTS[2]],
    ])
  })

  // 215 octets of the third answer, and room for no fourth entry.
  const hasThreeEntries = (decoder: HpackDecoder): void => {
    expect(decoder.decode(hex('c0'))).toEqual([['date', DATES[1]]])
    expect(() => decoder.decode(hex('c1'))).toThrow(/index 65/)
  }

  test('answers without Huffman coding, and a table of 256 octets that evicts', () => {
    const decoder = decodesAs(
      [
        [
          '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
          ANSWERS[0],
        ],
        ['4803 3330 37c1 c0bf', ANSWERS[1]],
        [
          '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
          ANSWERS[2],
        ],
      ],
      256,
    )
    hasThreeEntries(decoder)
  })

  test('answers with Huffman coding, and a table of 256 octets that evicts', () => {
    const decoder = decodesAs(
      [
        [
          '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
          ANSWERS[0],
        ],
        ['4883 640e ffc1 c0bf', ANSWERS[1]],
        [
          '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
          ANSWERS[2],
        ],
      ],
      256,
    )
    hasThreeEntries(decoder)
  })
})

describe('what is broken', () => {
  const broken = (block: string): (() => unknown) => {
    const decoder = new HpackDecoder(MAX)
    return () => decoder.decode(hex(block))
  }

  test.each([
    ['an index of 0', '80'],
    ['an index behind the table', 'ff00'],
    ['a table larger than was agreed on', '3fe2 1f'],
    ['a change of the table after a field', '8220'],
    ['an integer without end', 'ffff ffff ffff ffff'],
    ['a text that is longer than its block', '400a 6375'],
    ['nothing where a value should be', '41'],
    ['the end as a symbol', '4184 ffff ffff 00'],
    ['padding of zeros', '4101 8100'],
    ['padding of a whole octet', '4182 1fff'],
  ])('%s is a COMPRESSION_ERROR', (_, block) => {
    expect(broken(block)).toThrow(H2Error)
  })

  test('a table that may be no larger than nothing is emptied', () => {
    const decoder = new HpackDecoder(MAX)
    decoder.decode(hex('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'))
    decoder.limitTable(0)
    expect(() => decoder.decode(hex('be'))).toThrow(/index 62/)
    expect(new HpackDecoder(MAX).decode(hex('2082'))).toEqual([[':method', 'GET']])
  })

  test('a list that is too long is none, and the table is kept', () => {
    const decoder = new HpackDecoder(100)
    const long = `40 01 61 7f 21 ${'62'.repeat(160)}`
    expect(decoder.decode(hex(`${long} 4001 6301 64`))).toBeUndefined()
    expect(decoder.decode(hex('be'))).toEqual([['c', 'd']])
  })

  test('anything else fails with words or is decoded, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (blocks) => {
        const decoder = new HpackDecoder(1_000)
        try {
          for (const block of blocks) decoder.decode(block)
        } catch (error) {
          expect(error).toBeInstanceOf(H2Error)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

const latin1 = fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets).toString('latin1'))

test('what is encoded is decoded', () => {
  const name = fc.oneof(latin1, fc.constantFrom(':status', ':method', ':authority', 'proxy-status'))
  const value = fc.oneof(latin1, fc.constantFrom('200', 'CONNECT', ''))
  fc.assert(
    fc.property(fc.array(fc.array(fc.tuple(name, value), { maxLength: 6 }), { maxLength: 4 }), (blocks) => {
      const [decoder, encoder] = [new HpackDecoder(1e6), new HpackEncoder()]
      for (const fields of blocks) expect(decoder.decode(encoder.encode(fields))).toEqual(fields)
    }),
  )
})

test('every octet has its Huffman code', () => {
  // RFC 7541 C.4.1 and the longest codes there are: LF is 30 bits of ones but the last two.
  expect(decodeHuffman(hex('f1e3 c2e5 f23a 6ba0 ab90 f4ff'))).toBe('www.example.com')
  expect(decodeHuffman(hex('ffff fff3'))).toBe('\n')
})
