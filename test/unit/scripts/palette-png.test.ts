import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodePng, encodePalettePng, type Picture } from '../../../scripts/palette-png.ts'
import { chunk, pngFile } from '../../../scripts/png.ts'

const COLOURS = [0xffffff, 0x171a21, 0x0b6b78, 0xfcebea]

/** As a browser writes it: RGB, each row with the filter of this number. */
function rgbPng({ width, height, pixels }: Picture, filter: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  const bytes = Buffer.from([...pixels].flatMap((pixel) => [pixel >> 16, (pixel >> 8) & 255, pixel & 255]))
  const stride = width * 3
  const rows = Array.from({ length: height }, (_, row) => {
    const own = Array.from({ length: stride }, (_, column) => {
      const at = (y: number, x: number): number => (x < 0 || y < 0 ? 0 : (bytes[y * stride + x] ?? 0))
      const [left, up, corner] = [at(row, column - 3), at(row - 1, column), at(row - 1, column - 3)]
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0
      return (at(row, column) - guess) & 255
    })
    return Buffer.from([filter, ...own])
  })
  return pngFile([chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.concat(rows)))])
}

/** The same as the standard words it: the neighbour that is nearest to left + up - corner. */
function paeth(left: number, up: number, corner: number): number {
  const distance = (value: number): number => Math.abs(left + up - corner - value)
  return [left, up, corner].reduce((best, value) => (distance(value) < distance(best) ? value : best))
}

function picture(width: number, height: number, colourAt: (index: number) => number): Picture {
  return { width, height, pixels: Uint32Array.from({ length: width * height }, (_, i) => colourAt(i)) }
}

/** How many colours it names, and its kind: 3 is a palette. */
function readPalette(file: Buffer): { colours: number; type: number | undefined } {
  const at = file.indexOf('PLTE')
  return { colours: file.readUInt32BE(at - 4) / 3, type: file[25] }
}

test.each([0, 1, 2, 3, 4])('a picture with filter %d is read as it was', (filter) => {
  const original = picture(7, 5, (index) => (index * 2_654_435) & 0xffffff)
  expect(decodePng(rgbPng(original, filter))).toEqual(original)
})

test('few colours are kept to the bit', () => {
  const file = encodePalettePng(picture(4, 4, (index) => COLOURS[index % 4] ?? 0))
  expect(readPalette(file)).toEqual({ colours: 4, type: 3 })
  for (const colour of COLOURS)
    expect(file.includes(Buffer.from([colour >> 16, (colour >> 8) & 255, colour & 255]))).toBe(true)
})

test('many colours become at most 256, and the frequent ones stay', () => {
  const file = encodePalettePng(picture(100, 100, (index) => (index < 5000 ? 0x0b6b78 : index * 397)))
  const { colours } = readPalette(file)
  expect(colours).toBeLessThanOrEqual(256)
  expect(file.includes(Buffer.from([0x0b, 0x6b, 0x78]))).toBe(true)
})

test('what no browser writes is refused', () => {
  const file = rgbPng(
    picture(2, 2, () => 0),
    0,
  )
  file[24] = 16
  expect(() => decodePng(file)).toThrow('not one that a browser writes')
})
