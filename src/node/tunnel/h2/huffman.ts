import { CODE, H2Error } from './codes.ts'

/** How many bits the code of each octet has, by 16 in a row (RFC 7541 Appendix B); the codes follow from it. */
const LENGTHS = `13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28
28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28
6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6
5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10
13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7
7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6
15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5
6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28
20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23
24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24
22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23
21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23
26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25
19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27
20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23
26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26`
  .split(/\s/)
  .map(Number)

const EOS = 256
const EOS_BITS = 30

/** Two entries for each node: where a 0 and where a 1 lead; below zero is ~symbol. */
const TREE = buildTree([...LENGTHS, EOS_BITS])

/** Codes of one length follow each other in the order of their symbols, and longer ones after shorter ones. */
function buildTree(lengths: readonly number[]): Int16Array {
  const tree = new Int16Array(2 * 256)
  let nodes = 1
  let code = 0
  let bits = 0
  const symbols = lengths.map((length, symbol) => ({ length, symbol }))
  symbols.sort((one, other) => one.length - other.length || one.symbol - other.symbol)
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - bits)
    bits = length
    let node = 0
    for (let bit = length - 1; bit > 0; bit -= 1) {
      const way = 2 * node + ((code >>> bit) & 1)
      if (tree[way] === 0) tree[way] = nodes++
      node = tree[way] ?? 0
    }
    tree[2 * node + (code & 1)] = ~symbol
    code += 1
  }
  return tree
}

/** @throws H2Error for what is no code, and for padding other than the first bits of the end (RFC 7541 §5.2). */
export function decodeHuffman(data: Uint8Array): string {
  // No code is shorter than 5 bits.
  const decoded = Buffer.allocUnsafe(Math.ceil((data.length * 8) / 5))
  let length = 0
  let node = 0
  let pendingBits = 0
  let isOnes = true
  for (const octet of data)
    for (let bit = 7; bit >= 0; bit -= 1) {
      const value = (octet >>> bit) & 1
      const next = TREE[2 * node + value] ?? 0
      pendingBits += 1
      isOnes &&= value === 1
      if (next >= 0) {
        node = next
        continue
      }
      if (~next === EOS) throw broken()
      decoded[length++] = ~next
      node = 0
      pendingBits = 0
      isOnes = true
    }
  if (pendingBits > 7 || !isOnes) throw broken()
  return decoded.toString('latin1', 0, length)
}

function broken(): H2Error {
  return new H2Error(CODE.compressionError, 'a Huffman code that does not exist')
}
