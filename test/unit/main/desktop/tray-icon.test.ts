import { expect, test } from 'vitest'
import { primaryAction } from '../../../../src/main/desktop/tray-menu.ts'
import { AppError, toFailure } from '../../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { LinkState } from '../../../../src/shared/state/link.ts'
import { makeClientState, NOON } from '../../../support/make-bridge-state.ts'
import {
  DOWN,
  FAILED,
  HOST_KEY,
  healthy,
  labels,
  makeState,
  modelOf,
  RETRYING,
  relay,
  TAKEN,
  UP,
} from './tray-states.ts'

test.each<[string, Partial<BridgeState>, string, string]>([
  ['nobody wants a connection', { wanted: 'disconnected' }, 'disconnected', 'Disconnected'],
  [
    'links are still being closed',
    { wanted: 'disconnected', relay: relay({ phase: 'closing' }) },
    'disconnected',
    'Disconnecting',
  ],
  [
    'the relay is connected but has not answered yet',
    { relay: relay(UP, { kind: 'unknown' }) },
    'connecting',
    'Connecting to the relay pi:8080',
  ],
  [
    'the relay is being tried again',
    { relay: relay(RETRYING) },
    'connecting',
    'Connecting to the relay pi:8080. vm does not answer.',
  ],
  [
    'the relay needs a person',
    { relay: relay(FAILED) },
    'error',
    'No way to the relay pi:8080. vm does not answer.',
  ],
  [
    'the relay is reached and does not answer',
    { relay: relay(UP, { kind: 'failing', at: NOON, cause: DOWN }) },
    'error',
    'No way to the relay pi:8080. vm does not answer.',
  ],
  [
    'one of two parts is down',
    { clients: [makeClientState({ name: 'vm', link: RETRYING })] },
    'degraded',
    'Not working for vm. vm does not answer.',
  ],
  [
    'a request from a client does not come back',
    { clients: [makeClientState({ name: 'vm', path: { kind: 'broken', at: NOON, cause: DOWN } })] },
    'degraded',
    'Not working for vm. vm does not answer.',
  ],
  [
    'no part works',
    {
      agent: { phase: 'failed', address: '127.0.0.1:8080', since: NOON, cause: TAKEN },
      clients: [makeClientState({ name: 'vm', link: FAILED })],
    },
    'error',
    'Not working for this computer, vm. Port 8080 is held by nginx (pid 7).',
  ],
  [
    'a client is on its way',
    {
      clients: [
        makeClientState({
          name: 'vm',
          link: { phase: 'connecting', step: 'resolving', attempt: 1, since: NOON },
        }),
      ],
    },
    'connecting',
    'Connecting vm',
  ],
  [
    'a client that is down was switched off',
    { clients: [makeClientState({ enabled: false, link: FAILED })] },
    'connected',
    'Connected to the relay pi:8080',
  ],
  [
    'a question is open',
    { prompts: [HOST_KEY], relay: relay(RETRYING) },
    'needs-you',
    'A question waits for your answer',
  ],
  [
    'the relay has no account',
    { relay: relay(UP, healthy(false)) },
    'needs-you',
    'Connected, but the relay is not signed in',
  ],
  ['everything works', { clients: [makeClientState()] }, 'connected', 'Connected to the relay pi:8080'],
])('while %s, icon and tooltip say so', (_when, change, icon, words) => {
  const model = modelOf(change)
  expect([model.icon, model.tooltip]).toEqual([icon, `Sovereign Bridge: ${words}`])
})

test('what nobody has seen yet stands below the state and in the tooltip, before the reason of a trouble', () => {
  const matters = ['version 1.2.0 is available', 'the set-up of vm has failed'].map((words, index) => ({
    ...{ key: `${index}`, words, route: '#/' },
  }))
  const { hasBadge, items, tooltip } = modelOf({ relay: relay(FAILED) }, { matters })
  expect(hasBadge).toBe(true)
  expect(labels(items).slice(4, 6)).toEqual(matters.map(({ words }) => `New: ${words}`))
  expect(tooltip).toBe(
    'Sovereign Bridge: No way to the relay pi:8080. New: version 1.2.0 is available and 1 more. vm does not answer.',
  )
  expect(modelOf().hasBadge).toBe(false)
})

test('what a server wrote becomes one short printable line', () => {
  const cause = toFailure(new AppError('ssh.unreachable', `bad\n\u202e\u001b[31m${'x'.repeat(500)}`))
  const { items, tooltip } = modelOf({ relay: relay({ ...FAILED, cause }) })
  for (const line of [...labels(items), tooltip]) expect(line).toMatch(/^[^\p{Cc}\p{Cf}]{1,127}$/u)
})

test('nothing of the tray changes while a host that is away is dialled again and again', () => {
  const outage = { since: NOON, cause: DOWN }
  const dialling: LinkState = { phase: 'connecting', step: 'resolving', attempt: 3, since: NOON, outage }
  expect(modelOf({ relay: relay(dialling) })).toEqual(modelOf({ relay: relay(RETRYING) }))
  const [before, after] = [RETRYING, dialling].map((link) =>
    modelOf({ clients: [makeClientState({ name: 'vm', link })] }),
  )
  expect(after).toEqual(before)
})

test.each<[string, Partial<BridgeState>, string]>([
  ['connects what is disconnected', { wanted: 'disconnected' }, 'connect'],
  ['tries again what has failed', { relay: relay(FAILED) }, 'retry'],
  ['disconnects what works', {}, 'disconnect'],
  ['disconnects what is still connecting', { relay: relay(RETRYING) }, 'disconnect'],
])('a click on the icon %s', (_what, change, kind) => {
  expect(primaryAction(makeState(change))).toEqual({ kind })
})
