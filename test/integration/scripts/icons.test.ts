import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import { coverage, drawing, TRAY_DRAWINGS } from '../../../scripts/icons.ts'
import { decodePng } from '../../../scripts/palette-png.ts'
import { TRAY_ICONS } from '../../../src/main/desktop/tray-status.ts'
import { CHROMIUM } from '../../support/electron/chromium.ts'

const SOURCE = fileURLToPath(new URL('../../../assets/tray.svg', import.meta.url))
const SIZE = 48

test('a browser draws the same icons from their source as the script does', async () => {
  const isRoot = process.getuid?.() === 0
  const browser = await chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: ['--disable-gpu', ...(isRoot ? ['--no-sandbox'] : [])],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 7 * SIZE, height: 2 * SIZE } })
    const svg = (await readFile(SOURCE, 'utf8')).replace(
      '<svg ',
      `<svg width="${7 * SIZE}" height="${2 * SIZE}" `,
    )
    await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${svg}`)
    const { width, pixels } = decodePng(await page.screenshot())
    for (const [place, icon] of TRAY_DRAWINGS.entries()) {
      const { shape, colour } = drawing(icon)
      const drawn = coverage(shape, SIZE)
      const differing = [...drawn].filter((inked, index) => {
        const [column, row] = [place % TRAY_ICONS.length, Math.floor(place / TRAY_ICONS.length)]
        const [x, y] = [column * SIZE + (index % SIZE), row * SIZE + Math.floor(index / SIZE)]
        const pixel = pixels[y * width + x] ?? 0
        // On white, by as much as the pixel is covered; edges are smoothed a little otherwise.
        return [pixel >> 16, (pixel >> 8) & 255, pixel & 255].some(
          (channel, which) => Math.abs(channel - (255 + (((colour[which] ?? 0) - 255) * inked) / 255)) > 40,
        )
      })
      expect(differing.length, icon).toBeLessThan(SIZE)
    }
  } finally {
    await browser.close()
  }
})
