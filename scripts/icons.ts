// Draws every icon of the app into assets/: `node scripts/icons.ts`. The shapes below are the only source.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TRAY_ICONS, type TrayIcon } from '../src/main/desktop/tray-status.ts'
import { encodePng, type Rgb } from './png.ts'

/** Whether a point of the 16 × 16 drawing, y downwards, is inked. */
type Shape = (x: number, y: number) => boolean

const union =
  (...shapes: readonly Shape[]): Shape =>
  (x, y) =>
    shapes.some((shape) => shape(x, y))

const without =
  (shape: Shape, hole: Shape): Shape =>
  (x, y) =>
    shape(x, y) && !hole(x, y)

const box =
  (left: number, top: number, right: number, bottom: number): Shape =>
  (x, y) =>
    x >= left && x <= right && y >= top && y <= bottom

const disc =
  (centreX: number, centreY: number, radius: number): Shape =>
  (x, y) =>
    Math.hypot(x - centreX, y - centreY) <= radius

const stroke =
  (x1: number, y1: number, x2: number, y2: number, width: number): Shape =>
  (x, y) => {
    const along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
    const t = Math.min(1, Math.max(0, along))
    return Math.hypot(x - x1 - t * (x2 - x1), y - y1 - t * (y2 - y1)) <= width / 2
  }

/** Pointing up, with its base on `bottom`. */
const triangle =
  (centreX: number, top: number, bottom: number, halfBase: number): Shape =>
  (x, y) =>
    y >= top && y <= bottom && Math.abs(x - centreX) <= (halfBase * (y - top)) / (bottom - top)

/** An arch that carries a road: the upper half of a ring between two feet. */
const arch: Shape = without(
  (x, y) => y <= 13 && (disc(8, 10, 7)(x, y) || box(1, 10, 15, 13)(x, y)),
  (x, y) => disc(8, 10, 4.4)(x, y) || box(3.6, 10, 12.4, 16)(x, y),
)
const road = box(0, 12.2, 16, 14.4)
const bridge = union(arch, road)
const middle = box(5.2, 0, 10.8, 16)

/** A badge in the lower right corner, set off from the bridge by a clear rim. */
const badged = (rim: Shape, badge: Shape): Shape => union(without(bridge, rim), badge)

const cross = (width: number): Shape =>
  union(stroke(9.2, 9.2, 14.6, 14.6, width), stroke(14.6, 9.2, 9.2, 14.6, width))

const TRIANGLE = triangle(11.4, 6.6, 15.6, 5)
const QUESTION_MARK = union(box(10.9, 7.6, 12.7, 12), box(10.9, 13, 12.7, 14.8))

/** The states differ in shape, so that nobody has to tell colours apart. */
export const DRAWINGS: Readonly<Record<TrayIcon, Shape>> = {
  disconnected: without(bridge, middle),
  connecting: union(without(bridge, middle), disc(8, 4.2, 1.5), disc(8, 13, 1.5)),
  connected: bridge,
  degraded: badged(triangle(11.4, 3.4, 17.6, 7.6), TRIANGLE),
  'needs-you': badged(disc(11.6, 11.2, 5.9), without(disc(11.6, 11.2, 4.6), QUESTION_MARK)),
  error: badged(cross(5.6), cross(2.8)),
}

/** Each stands out from light and from dark panels alike: at least 3:1 from both (WCAG 1.4.11). */
export const COLOURS: Readonly<Record<TrayIcon, Rgb>> = {
  disconnected: [128, 128, 128],
  connecting: [59, 130, 246],
  connected: [22, 150, 80],
  degraded: [202, 110, 0],
  'needs-you': [150, 95, 240],
  error: [226, 60, 66],
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

export function trayFiles(): IconFile[] {
  return TRAY_ICONS.flatMap((icon) => {
    const shape = DRAWINGS[icon]
    const colour = COLOURS[icon]
    return SCALES.flatMap(([suffix, scale]) => [
      { name: `${icon}${suffix}.png`, size: 16 * scale, shape, colour },
      { name: `${icon}Template${suffix}.png`, size: 16 * scale, shape, colour: BLACK },
      { name: `${icon}-panel${suffix}.png`, size: 24 * scale, shape, colour },
    ])
  })
}

/** The mark in white on a rounded plate with a margin, as docks and app lists want it. */
export function appIcon(size: number): Buffer {
  const plate = union(
    box(1, 4, 15, 12),
    box(4, 1, 12, 15),
    ...[4, 12].flatMap((x) => [4, 12].map((y) => disc(x, y, 3))),
  )
  const mark: Shape = (x, y) => bridge((x - 8) * 1.75 + 8, (y - 8) * 1.75 + 8.7)
  return encodePng(size, [
    { coverage: coverage(plate, size), colour: [24, 52, 92] },
    { coverage: coverage(mark, size), colour: [255, 255, 255] },
  ])
}

if (import.meta.main) {
  const assets = fileURLToPath(new URL('../assets', import.meta.url))
  await mkdir(join(assets, 'tray'), { recursive: true })
  for (const { name, size, shape, colour } of trayFiles())
    await writeFile(
      join(assets, 'tray', name),
      encodePng(size, [{ coverage: coverage(shape, size), colour }]),
    )
  await writeFile(join(assets, 'icon.png'), appIcon(1024))
}
