import { expect, test } from 'vitest'
import { dashboardLine } from '../../../src/cli/commands/bridge.ts'

const LINK = 'http://127.0.0.1:1/open/secret'

test('a terminal gets the link to the dashboard itself', () => {
  expect(dashboardLine({ makeDashboardLink: () => LINK }, {})).toBe(`Dashboard: ${LINK}`)
})

test('a service manager gets none, only the way to one', () => {
  const line = dashboardLine({ makeDashboardLink: () => LINK }, { INVOCATION_ID: '1' })
  // What stands before "dashboard" is how this process was started.
  expect(line).toMatch(/^Dashboard: run ".+ dashboard" for a link\.$/)
  expect(line).not.toContain(LINK)
})

test('where none is built that is said, and nobody is sent to ask for a link', () => {
  expect(dashboardLine({ makeDashboardLink: () => undefined }, {})).toBe(
    'Dashboard: not built. Run "npm run build" and start the bridge again to have it.',
  )
})
