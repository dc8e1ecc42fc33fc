import { expect, test } from 'vitest'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { DesktopFacts } from '../../../../src/shared/state/desktop.ts'
import { makeBridgeState, NOON } from '../../../support/make-bridge-state.ts'
import { startTray } from '../../../support/start-tray.ts'
import { DESKTOP } from './tray-states.ts'

/** A relay that can be asked for its usage. */
const ANSWERING: BridgeState['relay'] = {
  ...makeBridgeState().relay,
  health: { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 2, upstreams: [] },
}

const SIGNED_IN: BridgeState['relay'] = {
  ...ANSWERING,
  health: {
    ...{ kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 2 },
    upstreams: [{ name: 'copilot', signedIn: true }],
  },
}

test.each<[DesktopFacts['update'], readonly object[]]>([
  [{ kind: 'none', checkedAt: NOON }, [{ message: 'Version 0.1.0 is the newest.' }]],
  [{ kind: 'available', version: '1.2.0' }, [{ message: 'Version 1.2.0 is available.' }]],
  [{ kind: 'failed', reason: 'No network.', at: NOON }, [{ type: 'warning', detail: 'No network.' }]],
])('whoever looks for a new version is told what came of it: %j', async (update, told) => {
  const { api, boxes, controller } = startTray({ desktop: DESKTOP })
  api.answer('checkForUpdate', () => void api.publish({ desktop: { ...DESKTOP, update } }))
  await controller.perform({ kind: 'check-for-update' })
  expect(boxes).toMatchObject(told)
})

test('the usage of a relay that answers comes into the menu, and goes when it is disconnected', async () => {
  const { api, line } = startTray({ wanted: 'disconnected' })
  api.answer('relayUsage', () => ({ requests: 3 }))
  api.publish({ wanted: 'connected', relay: ANSWERING })
  await expect
    .poll(() => line('Usage'))
    .toEqual({
      kind: 'text',
      label: 'Usage since the relay started: 3 requests',
    })
  api.publish({ wanted: 'disconnected' })
  expect(line('Usage')).toBeUndefined()
})

const READY: Partial<BridgeState> = {
  desktop: { ...DESKTOP, update: { kind: 'ready', version: '1.2.0' } },
}

test('what nobody has seen puts a badge on the icon until a window comes to the front, and not again after a restart', () => {
  const { api, controller, drawn, kept, line } = startTray({ wanted: 'disconnected' })
  drawn.splice(0)
  api.publish(READY)
  expect(drawn.splice(0)).toEqual(['icon disconnected with a badge', 'tooltip', 'items'])
  expect(line('New: version 1.2.0 is ready to install')).toMatchObject({
    action: { kind: 'open-view', route: '#/settings' },
  })
  kept.isInFront = true
  controller.lookedAt()
  expect(drawn.splice(0)).toEqual(['icon disconnected', 'tooltip', 'items'])
  expect(line('New:')).toBeUndefined()
  const later = startTray({ wanted: 'disconnected', ...READY }, kept.seen)
  expect(later.drawn).toEqual(['icon disconnected', 'tooltip', 'items'])
  later.api.publish({ desktop: { ...DESKTOP, update: { kind: 'available', version: '1.3.0' } } })
  expect(later.drawn).toContain('icon disconnected with a badge')
})

test('what comes up while somebody looks at the window is seen there', () => {
  const { api, drawn, kept } = startTray({ wanted: 'disconnected' })
  kept.isInFront = true
  api.publish(READY)
  expect(drawn.filter((what) => what.includes('badge'))).toEqual([])
})

test('a budget that runs out puts a badge on the icon of a bridge that works', async () => {
  const { api, drawn, line } = startTray({ wanted: 'disconnected' })
  const limits = [
    { scope: 'client', client: 'builder', name: 'cost', period: 'month', unit: 'USD', state: 'near' },
    { scope: 'relay', name: 'requests', period: 'minute', unit: 'requests', state: 'spent' },
  ].map((limit) => ({ limit: 10, used: 9, ...limit }))
  api.answer('relayUsage', () => ({ requests: 3, limits }))
  api.publish({ wanted: 'connected', relay: SIGNED_IN })
  await expect
    .poll(() => line('New:'))
    .toMatchObject({ label: 'New: the monthly limit of builder (USD) is nearly used up' })
  expect(drawn).toContain('icon connected with a badge')
})
