import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { appIcon, coverage, drawing, TRAY_DRAWINGS, trayFiles } from '../../../scripts/icons.ts'
import { encodePng, type Rgb } from '../../../scripts/png.ts'
import { iconFile } from '../../../src/main/desktop/icon-file.ts'
import { TRAY_ICONS, type TrayIcon } from '../../../src/main/desktop/tray-status.ts'

const TRAY = fileURLToPath(new URL('../../../assets/tray', import.meta.url))

test('the icon files in the project are what the script draws', async () => {
  for (const { name, size, shape, colour } of trayFiles())
    expect(
      (await readFile(join(TRAY, name))).equals(
        encodePng(size, [{ coverage: coverage(shape, size), colour }]),
      ),
      name,
    ).toBe(true)
})

test('the icon of the app is what the script draws', async () => {
  expect((await readFile(join(TRAY, '../icon.png'))).equals(appIcon(1024))).toBe(true)
})

const PLATFORMS = ['darwin', 'linux', 'win32'] as const
const SHARPER = ['', '@1.5x', '@2x', '@3x']

/** One of each sharpness, by its name. */
function filesOf(icon: TrayIcon, hasBadge: boolean): string[] {
  return PLATFORMS.flatMap((platform) =>
    SHARPER.map((suffix) => iconFile(icon, hasBadge, platform).replace(/\.png$/, `${suffix}.png`)),
  )
}

test('every state has a file on every platform in every sharpness, with the badge and without', () => {
  const drawn = new Set(trayFiles().map(({ name }) => name))
  const wanted = TRAY_ICONS.flatMap((icon) => [...filesOf(icon, false), ...filesOf(icon, true)])
  expect(new Set(wanted).size).toBe(2 * TRAY_ICONS.length * PLATFORMS.length * SHARPER.length)
  expect(wanted.filter((name) => !drawn.has(name))).toEqual([])
  expect(drawn.size).toBe(new Set(wanted).size)
})

test.each(TRAY_ICONS)(
  'the badge on %s is seen by its shape on every platform, however small',
  async (icon) => {
    const read = (name: string): Promise<Buffer> => readFile(join(TRAY, name))
    const plain = await Promise.all(filesOf(icon, false).map(read))
    const badged = await Promise.all(filesOf(icon, true).map(read))
    for (const [index, file] of badged.entries()) expect(file.equals(plain[index] ?? file)).toBe(false)
    const [without, withBadge] = [icon, `${icon}-badge`].map((id) => coverage(drawing(id).shape, 16))
    const corner = (picture: Uint8Array | undefined): number =>
      [...(picture ?? [])].filter((value, at) => at % 16 < 4 && at < 4 * 16 && value > 128).length
    // A disc of almost 5 pixels, where there is nothing of the bridge; the rest of the state stays as it is.
    expect([corner(without), corner(withBadge)]).toEqual([0, expect.toSatisfy((count) => count >= 12)])
    const elsewhere = [...(without ?? [])].filter(
      (value, at) => (at % 16 >= 6 || at >= 6 * 16) && value !== withBadge?.[at],
    )
    expect(elsewhere).toEqual([])
  },
)

test('any two of them, with the badge and without, differ in shape where the icon is smallest', () => {
  const pictures = TRAY_DRAWINGS.map((icon) => coverage(drawing(icon).shape, 16))
  const distances = pictures.flatMap((one, index) =>
    pictures.slice(index + 1).map((other) => one.filter((value, at) => differs(value, other[at])).length),
  )
  // Of 256 pixels; a dozen is about the dot of an exclamation mark and its surroundings.
  expect(Math.min(...distances)).toBeGreaterThanOrEqual(12)
})

function differs(one: number, other: number | undefined): boolean {
  return Math.abs(one - (other ?? 0)) > 96
}

test.each(TRAY_DRAWINGS)('%s stands out from light and dark panels by 3:1', (icon) => {
  for (const panel of [
    [255, 255, 255],
    [32, 32, 32],
  ] as const)
    expect(contrast(drawing(icon).colour, panel)).toBeGreaterThanOrEqual(3)
})

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: Rgb, other: Rgb): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const share = channel / 255
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

test('a PNG holds the pixels row by row with their transparency', () => {
  const png = encodePng(2, [{ coverage: Uint8Array.of(255, 0, 128, 255), colour: [10, 20, 30] }])
  const at = png.indexOf('IDAT')
  const pixels = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
  expect([...pixels]).toEqual([0, 10, 20, 30, 255, 0, 0, 0, 0, 0, 10, 20, 30, 128, 10, 20, 30, 255])
})
