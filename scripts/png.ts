import { crc32, deflateSync } from 'node:zlib'

export type Rgb = readonly [red: number, green: number, blue: number]

/** One colour laid on with the strength of each pixel, 0 to 255, row by row. */
export interface Layer {
  readonly coverage: Uint8Array
  readonly colour: Rgb
}

/** A square PNG of the layers from bottom to top. https://www.w3.org/TR/png-3/ */
export function encodePng(size: number, layers: readonly Layer[]): Buffer {
  const stride = 1 + size * 4
  const raw = Buffer.alloc(size * stride)
  for (let index = 0; index < size * size; index += 1) {
    // Each row begins with the number of its filter; 0 is none.
    const at = Math.floor(index / size) * stride + 1 + (index % size) * 4
    raw.set(blend(layers, index), at)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  // Eight bits a channel, red, green, blue and alpha.
  header.set([8, 6], 8)
  return pngFile([chunk('IHDR', header), chunk('IDAT', deflateSync(raw, { level: 9 }))])
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

export function pngFile(chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([SIGNATURE, ...chunks, chunk('IEND')])
}

function blend(layers: readonly Layer[], index: number): number[] {
  let alpha = 0
  let colour = [0, 0, 0]
  for (const layer of layers) {
    const over = (layer.coverage[index] ?? 0) / 255
    const sum = over + alpha * (1 - over)
    const share = sum === 0 ? 0 : over / sum
    colour = colour.map((channel, which) => channel + ((layer.colour[which] ?? 0) - channel) * share)
    alpha = sum
  }
  return [...colour, alpha * 255].map(Math.round)
}

export function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}
