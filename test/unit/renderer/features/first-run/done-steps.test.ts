import { expect, test } from 'vitest'
import { doneSteps } from '../../../../../src/renderer/features/first-run/done-steps.ts'
import type { RelayHealth } from '../../../../../src/shared/state/bridge-state.ts'
import { makeBridgeState, makeClientState, NOON } from '../../../../support/make-bridge-state.ts'

function stateWith(health: RelayHealth, clients = 0) {
  const { relay } = makeBridgeState()
  return makeBridgeState({
    relay: { ...relay, health },
    clients: Array.from({ length: clients }, (_, index) => makeClientState({ name: `vm-${index}` })),
  })
}

const asked = (signedIn: boolean): RelayHealth => ({
  ...{ kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 1 },
  upstreams: [{ name: 'copilot', signedIn }],
})

test.each([
  [{ kind: 'unknown' }, 0, ['relay']],
  [asked(false), 0, ['relay']],
  [asked(true), 0, ['relay', 'sign-in']],
  [asked(false), 2, ['relay', 'machines']],
  [asked(true), 2, ['relay', 'sign-in', 'machines']],
] as const)(
  'a step is done by what it has done, and not by having been seen: %j, %d machines',
  (health, clients, done) => {
    expect(doneSteps(stateWith(health, clients))).toEqual(done)
  },
)

test('the same steps are the same list, whatever else changes', () => {
  const state = stateWith(asked(true), 1)
  expect(doneSteps({ ...state, revision: 9 })).toBe(doneSteps(state))
})
