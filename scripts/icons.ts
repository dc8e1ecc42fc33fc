// Draws every icon of the app into assets/ from assets/tray.svg: `node scripts/icons.ts`.
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TRAY_ICONS } from '../src/main/desktop/tray-status.ts'
import { encodePng, type Rgb } from './png.ts'
import { elementsById, readSvg } from './svg-elements.ts'
import { type Shape, shapeOf } from './svg-shapes.ts'

const ASSETS = fileURLToPath(new URL('../assets', import.meta.url))
const IDS = elementsById(readSvg(readFileSync(join(ASSETS, 'tray.svg'), 'utf8')))

/** One icon on a grid of 16 × 16. */
export interface Drawing {
  readonly shape: Shape
  readonly colour: Rgb
}

/** @param id of a group in assets/tray.svg. */
export function drawing(id: string): Drawing {
  const element = IDS.get(id)
  if (element === undefined) throw new Error(`assets/tray.svg has no ${id}.`)
  return { shape: shapeOf(element, IDS), colour: rgb(element.attributes.get('fill') ?? '') }
}

function rgb(text: string): Rgb {
  const [, red, green, blue] = /^#(..)(..)(..)$/.exec(text) ?? []
  if (red === undefined || green === undefined || blue === undefined)
    throw new Error(`${text} is no #rrggbb.`)
  return [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)]
}

const BLACK: Rgb = [0, 0, 0]
const SAMPLES = 8

/** Share of each pixel that the drawing covers, 0 to 255. */
export function coverage(shape: Shape, size: number): Uint8Array {
  const step = 16 / size / SAMPLES
  const pixels = new Uint8Array(size * size)
  for (let index = 0; index < pixels.length; index += 1) {
    const left = (index % size) * SAMPLES
    const top = Math.floor(index / size) * SAMPLES
    let hits = 0
    for (let sample = 0; sample < SAMPLES ** 2; sample += 1) {
      const x = left + (sample % SAMPLES) + 0.5
      const y = top + Math.floor(sample / SAMPLES) + 0.5
      if (shape(x * step, y * step)) hits += 1
    }
    pixels[index] = Math.round((255 * hits) / SAMPLES ** 2)
  }
  return pixels
}

interface IconFile {
  readonly name: string
  readonly size: number
  readonly shape: Shape
  readonly colour: Rgb
}

/** Pixels for each scale factor: notification areas count 16 to the icon, Linux panels 24. */
const SCALES = [
  ['', 1],
  ['@1.5x', 1.5],
  ['@2x', 2],
  ['@3x', 3],
] as const

/** Every state, and every state with the badge. */
export const TRAY_DRAWINGS: readonly string[] = [...TRAY_ICONS, ...TRAY_ICONS.map((icon) => `${icon}-badge`)]

export function trayFiles(): IconFile[] {
  return TRAY_DRAWINGS.flatMap((icon) => {
    const { shape, colour } = drawing(icon)
    return SCALES.flatMap(([suffix, scale]) => [
      { name: `${icon}${suffix}.png`, size: 16 * scale, shape, colour },
      { name: `${icon}Template${suffix}.png`, size: 16 * scale, shape, colour: BLACK },
      { name: `${icon}-panel${suffix}.png`, size: 24 * scale, shape, colour },
    ])
  })
}

/** For docks and app lists. */
export function appIcon(size: number): Buffer {
  return encodePng(
    size,
    ['app-plate', 'app-mark'].map((id) => {
      const { shape, colour } = drawing(id)
      return { coverage: coverage(shape, size), colour }
    }),
  )
}

if (import.meta.main) {
  await mkdir(join(ASSETS, 'tray'), { recursive: true })
  for (const { name, size, shape, colour } of trayFiles())
    await writeFile(
      join(ASSETS, 'tray', name),
      encodePng(size, [{ coverage: coverage(shape, size), colour }]),
    )
  await writeFile(join(ASSETS, 'icon.png'), appIcon(1024))
}
