// docs/screenshots: every window in every state, and the menu of the tray, as Chromium draws the built page on a bridge of the tests' making.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { type RendererBrowser, startRendererBrowser } from '../test/support/open-renderer.ts'
import { decodePng, encodePalettePng } from './palette-png.ts'
import { DASHBOARD } from './scenes/dashboard.ts'
import { DIAGNOSTICS } from './scenes/diagnostics.ts'
import { FIRST_RUN } from './scenes/first-run.ts'
import { PROMPTS } from './scenes/prompts.ts'
import { NOW, type Scene } from './scenes/scene.ts'
import { SETTINGS } from './scenes/settings.ts'
import { SIGN_IN } from './scenes/sign-in.ts'
import { TRAY, type TrayScene } from './scenes/tray.ts'
import { trayPicture } from './tray-picture.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'docs/screenshots')
const NARROW_PX = 360

export const SCENES: readonly Scene[] = [
  ...DASHBOARD,
  ...SIGN_IN,
  ...PROMPTS,
  ...FIRST_RUN,
  ...SETTINGS,
  ...DIAGNOSTICS,
]

interface TrayShot {
  readonly file: string
  readonly tray: TrayScene
  readonly isDark: boolean
}

/** The same for the menu of the tray. */
export function trayShotsOf(tray: TrayScene): TrayShot[] {
  return [false, true].map((isDark) => ({ tray, isDark, file: `${tray.name}${isDark ? '-dark' : ''}.png` }))
}

interface Shot {
  readonly file: string
  readonly scene: Scene
  readonly width: number
  readonly isDark: boolean
}

/** Every picture there is to take. */
export function shotsOf(scene: Scene): Shot[] {
  const { name, width = 900, isNarrowToo = false } = scene
  const sizes = [{ width, suffix: '' }, ...(isNarrowToo ? [{ width: NARROW_PX, suffix: '-narrow' }] : [])]
  return sizes.flatMap(({ width, suffix }) =>
    [false, true].map((isDark) => ({
      ...{ scene, width, isDark },
      file: `${name}${suffix}${isDark ? '-dark' : ''}.png`,
    })),
  )
}

async function take(browser: RendererBrowser, { scene, width, isDark }: Shot): Promise<Buffer> {
  const api = scene.api()
  const { path = '', height = 800 } = scene
  const opened = await browser.open(api, {
    ...{ path, width, height, isDark },
    context: { locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce' },
    before: (page) => page.clock.setFixedTime(NOW),
  })
  const { page, complaints } = opened
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await scene.act?.({ ...opened, api })
  await page.mouse.move(0, 0)
  await page.evaluate('scrollTo(0, 0)')
  const picture = await settled(page, scene.isWindowOnly !== true)
  if (complaints.length > 0 && scene.isCutOff !== true)
    throw new Error(`${scene.name} complains: ${complaints.join('; ')}`)
  return picture
}

async function takeTray(browser: RendererBrowser, { tray, isDark }: TrayShot): Promise<Buffer> {
  const context = { deviceScaleFactor: 2, locale: 'en-GB' }
  const page = await browser.openHtml(trayPicture(tray), { isDark, context, width: 1100 })
  const corners = await page
    .locator('.menu')
    .evaluateAll((menus) => menus.map((menu) => menu.getBoundingClientRect()))
  const extent = (side: 'right' | 'bottom'): number =>
    Math.ceil(Math.max(...corners.map((corner) => corner[side]))) + MARGIN_PX
  await page.setViewportSize({ width: extent('right'), height: extent('bottom') })
  return await page.screenshot({ animations: 'disabled' })
}

const MARGIN_PX = 24
const LOOKS_MAX = 20
const BETWEEN_LOOKS_MS = 250

/** The picture once two in a row are the same. */
async function settled(page: Page, fullPage: boolean): Promise<Buffer> {
  let last: Buffer = Buffer.alloc(0)
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    await page.waitForTimeout(BETWEEN_LOOKS_MS)
    const picture = await page.screenshot({ fullPage, animations: 'disabled' })
    if (picture.equals(last)) return picture
    last = picture
  }
  throw new Error(`${page.url()} does not come to rest.`)
}

async function removeStale(files: readonly string[]): Promise<void> {
  const stale = (await readdir(FOLDER)).filter((file) => file.endsWith('.png') && !files.includes(file))
  for (const file of stale) await rm(join(FOLDER, file))
}

if (import.meta.main) {
  // `npm run screenshots -- settings` takes those whose name begins so; all others stay as they are.
  const [only = ''] = process.argv.slice(2)
  const all = [...SCENES.flatMap(shotsOf), ...TRAY.flatMap(trayShotsOf)]
  await mkdir(FOLDER, { recursive: true })
  const browser = await startRendererBrowser()
  try {
    for (const shot of all.filter(({ file }) => file.startsWith(only))) {
      const picture = encodePalettePng(
        decodePng(await ('tray' in shot ? takeTray(browser, shot) : take(browser, shot))),
      )
      await browser.closePages()
      const path = join(FOLDER, shot.file)
      await writeFile(path, picture)
      console.log(`${relative(ROOT, path)}  ${(picture.length / 1024).toFixed(0)} KiB`)
    }
  } finally {
    await browser.close()
  }
  if (only === '') await removeStale(all.map(({ file }) => file))
}
