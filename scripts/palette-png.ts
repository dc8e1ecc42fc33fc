import { deflateSync, inflateSync } from 'node:zlib'
import { chunk, pngFile } from './png.ts'

/** Eight bits a channel, without transparency, row by row. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** Each as 0xRRGGBB. */
  readonly pixels: Uint32Array
}

/** Reads what a browser writes: eight bits a channel, RGB or opaque RGBA, not interlaced. https://www.w3.org/TR/png-3/ */
export function decodePng(file: Buffer): Picture {
  const parts = new Map<string, Buffer[]>()
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    parts.set(type, [...(parts.get(type) ?? []), file.subarray(at + 8, at + 8 + length)])
    at += length + 12
  }
  const header = parts.get('IHDR')?.[0] ?? Buffer.alloc(13)
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const channels = { 2: 3, 6: 4 }[header[9] ?? 0]
  if (header[8] !== 8 || channels === undefined || header[12] !== 0)
    throw new Error('This kind of PNG is not one that a browser writes.')
  const raw = inflateSync(Buffer.concat(parts.get('IDAT') ?? []))
  const stride = width * channels
  const bytes = unfilter(raw, stride, height, channels)
  const pixels = Uint32Array.from({ length: width * height }, (_, index) =>
    bytes.readUIntBE(index * channels, 3),
  )
  return { width, height, pixels }
}

/** Undoes what each row began with: the number of the filter that predicts a byte from its neighbours. */
function unfilter(raw: Buffer, stride: number, height: number, channels: number): Buffer {
  const out = Buffer.alloc(stride * height)
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)] ?? 0
    for (let column = 0; column < stride; column += 1) {
      const at = row * stride + column
      const left = column < channels ? 0 : (out[at - channels] ?? 0)
      const up = row === 0 ? 0 : (out[at - stride] ?? 0)
      const corner = row === 0 || column < channels ? 0 : (out[at - stride - channels] ?? 0)
      out[at] = (raw[row * (stride + 1) + 1 + column] ?? 0) + predict(filter, left, up, corner)
    }
  }
  return out
}

function predict(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  return filter === 4 ? paeth(left, up, corner) : 0
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [byLeft, byUp, byCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  if (byLeft <= byUp && byLeft <= byCorner) return left
  return byUp <= byCorner ? up : corner
}

/** A PNG with at most 256 colours: a third of the size, for a window that hardly has more. */
export function encodePalettePng({ width, height, pixels }: Picture): Buffer {
  const counts = new Map<number, number>()
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
  const palette = choosePalette(counts)
  const places = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour).index]))
  const raw = Buffer.alloc((width + 1) * height)
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1)
      raw[row * (width + 1) + 1 + column] = places.get(pixels[row * width + column] ?? 0) ?? 0
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // Eight bits a pixel, each the place of a colour.
  header.set([8, 3], 8)
  const colours = Buffer.from(palette.flatMap((colour) => channelsOf(colour)))
  const data = deflateSync(raw, { level: 9, memLevel: 9 })
  return pngFile([chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', data)])
}

const PALETTE_MAX = 256
/** So many colours, the most frequent ones, are never changed: grounds, lines, text. */
const KEPT = 96

/** The edges of letters have countless colours; those join a more frequent one nearby. */
function choosePalette(counts: ReadonlyMap<number, number>): number[] {
  const colours = [...counts].sort(([a, countA], [b, countB]) => countB - countA || a - b).map(([c]) => c)
  for (let reach = 0; ; reach += 6) {
    const palette: number[] = []
    for (const colour of colours) {
      if (palette.length < KEPT || nearest(palette, colour).distance > reach ** 2) palette.push(colour)
      if (palette.length > PALETTE_MAX) break
    }
    if (palette.length <= PALETTE_MAX) return palette
  }
}

function nearest(palette: readonly number[], colour: number): { index: number; distance: number } {
  const [red, green, blue] = channelsOf(colour)
  const best = { index: 0, distance: Number.POSITIVE_INFINITY }
  for (const [index, other] of palette.entries()) {
    const [r, g, b] = channelsOf(other)
    const distance = (red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2
    if (distance < best.distance) Object.assign(best, { index, distance })
    if (distance === 0) break
  }
  return best
}

function channelsOf(colour: number): [red: number, green: number, blue: number] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255]
}
