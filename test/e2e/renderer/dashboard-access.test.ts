import { expect, test } from 'vitest'
import { makeBusyState, makeDashboardApi } from '../../support/make-dashboard.ts'
import { seriousFindings } from '../../support/open-renderer.ts'
import { busyApi, disconnectedState, now, troubledState } from './dashboard-states.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

test('everything can be reached and worked with the keyboard alone', async () => {
  const api = busyApi()
  const { page } = await pages.open(api)
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  await page.getByRole('heading', { name: 'Where it went' }).waitFor()
  const missing = new Set([
    'Skip to content',
    'Disconnect',
    'Switch builder off',
    'Check again',
    'Settings',
    'Models (3)',
  ])
  for (let presses = 0; presses < 60 && missing.size > 0; presses += 1) {
    await page.keyboard.press('Tab')
    missing.delete(
      await page.evaluate('document.activeElement.ariaLabel || document.activeElement.innerText'),
    )
  }
  expect([...missing]).toEqual([])
  await page.getByRole('button', { name: 'Switch builder off' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('radio', { name: 'Models' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('group', { name: 'Clients', exact: true }).waitFor()
  expect(api.calls).toContainEqual(['setClientEnabled', { name: 'builder', enabled: false }])
})

const LOOKS = [
  ['light', 1200, false],
  ['dark', 1200, true],
  ['light', 360, false],
] as const

test.each(LOOKS)(
  'axe finds nothing serious in %s, %d px wide, well or broken',
  async (_look, width, isDark) => {
    for (const state of [makeBusyState(now()), troubledState(), disconnectedState()]) {
      const { page } = await pages.open(makeDashboardApi(state, now()), { width, isDark })
      await page.getByRole('region', { name: 'The path' }).waitFor()
      if (state.wanted === 'connected') await page.getByRole('region', { name: /^Usage/ }).waitFor()
      expect(await seriousFindings(page)).toEqual([])
      await pages.closePages()
    }
  },
)

test('at 360 px every column of a long table is in sight, with its name', async () => {
  const { page } = await pages.open(busyApi(), { width: 360, height: 700 })
  for (const [name, words] of [
    ['Models', ['claude-opus-4.7', 'Multiplier', '7.5×', 'Requests']],
    ['Recent requests', ['claude-sonnet-4.6', 'Outcome', 'Completed', 'Cost']],
  ] as const) {
    const table = page.getByRole('group', { name, exact: true })
    await table.waitFor()
    expect(await table.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0)
    for (const word of words) await table.locator('tbody').getByText(word, { exact: true }).first().waitFor()
  }
  expect(await seriousFindings(page)).toEqual([])
})

test('at 360 px, and with text of twice the size, nothing has to be scrolled sideways', async () => {
  for (const [state, size] of [
    [makeBusyState(now()), '100%'],
    [troubledState(), '100%'],
    [makeBusyState(now()), '200%'],
    [troubledState(), '200%'],
  ] as const) {
    const { page } = await pages.open(makeDashboardApi(state, now()), {
      width: 360,
      height: 700,
    })
    await page.getByRole('region', { name: 'The path' }).waitFor()
    await page.evaluate(`document.documentElement.style.fontSize = '${size}'`)
    await page.getByRole('region', { name: /^Usage/ }).waitFor()
    expect(
      await page.evaluate('document.documentElement.scrollWidth - innerWidth'),
      `${state.wanted} ${size}`,
    ).toBe(0)
    await pages.closePages()
  }
})
