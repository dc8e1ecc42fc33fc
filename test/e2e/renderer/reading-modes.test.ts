import { expect, test } from 'vitest'
import { NOW } from '../../../scripts/scenes/scene.ts'
import { SCENES } from '../../../scripts/screenshots.ts'
import { seriousFindings } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

interface Mode {
  readonly width: number
  readonly isDark?: boolean
  /** Of the text that the reader wants, in percent. */
  readonly text?: number
  readonly isForced?: boolean
}

const MODES: Readonly<Record<string, Mode>> = {
  'in the dark, 360 px wide': { width: 360, isDark: true },
  'with text of twice the size, 360 px wide': { width: 360, text: 200 },
  'in the few colours of the reader': { width: 1200, isForced: true },
  'in the few colours of the reader, dark and 360 px wide': { width: 360, isForced: true, isDark: true },
}

/** Each view once at its fullest. */
const VIEWS = [
  'dashboard-troubled',
  'dashboard-tunnel-waking',
  'first-run-install-failed',
  'first-run-machines',
  'settings-change',
  'settings-proxy',
  'diagnostics',
  'prompt-host-key',
  'sign-in-code',
]

const ALL = VIEWS.flatMap((view) => Object.keys(MODES).map((mode) => [view, mode] as const))

test.each(ALL)('%s can be read %s', async (view, name) => {
  const scene = SCENES.find((one) => one.name === view)
  const mode = MODES[name]
  if (scene === undefined || mode === undefined) throw new Error('Both are in the lists.')
  const { width, isDark = false, text = 100, isForced = false } = mode
  const api = scene.api()
  const opened = await pages.open(api, {
    ...{ width, isDark, height: 800, path: scene.path ?? '' },
    context: { locale: 'en-GB', reducedMotion: 'reduce', ...(isForced ? { forcedColors: 'active' } : {}) },
    before: (page) => page.clock.setFixedTime(NOW),
  })
  const { page } = opened
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.evaluate(`document.documentElement.style.fontSize = '${text}%'`)
  await scene.act?.({ ...opened, api })
  expect(await seriousFindings(page)).toEqual([])
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
})
