import { expect, test } from 'vitest'
import { ChangeLines } from '../../../src/cli/change-lines.ts'
import { tunnelHop } from '../../../src/cli/egress-words.ts'
import { clientHop, relayHop } from '../../../src/cli/hop-words.ts'
import { AppError, toFailure } from '../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import type { LinkState, Outage } from '../../../src/shared/state/link.ts'
import { makeBridgeState, makeClientState, NOON } from '../../support/make-bridge-state.ts'

const CAUSE = toFailure(new AppError('ssh.connection-refused', 'vm refused it.', { remedy: 'Start it.' }))
const OUTAGE: Outage = { since: NOON - 300_000, cause: CAUSE }
const dialling: LinkState = {
  ...{ phase: 'connecting', step: 'connecting', attempt: 3, since: NOON - 2000, outage: OUTAGE },
}
const asking: LinkState = { ...dialling, step: 'waiting-for-you' }

test('a try that is to end an outage says since when it lasts and why', () => {
  const words = 'down for 5 min, reaching the host (attempt 3)'
  const client = clientHop(makeClientState({ link: dialling }), NOON)
  expect(client).toMatchObject({ health: 'working', words, cause: CAUSE })
  const relay = relayHop({ ...makeBridgeState().relay, link: dialling }, NOON)
  expect(relay).toMatchObject({ health: 'working', words, cause: CAUSE })
  const server = '203.0.113.7:8443'
  const tunnel = tunnelHop({ phase: 'connecting', since: NOON - 2000, server, outage: OUTAGE }, NOON)
  expect(tunnel).toMatchObject({
    ...{ health: 'working', words: `down for 5 min, connecting to ${server}`, cause: CAUSE },
  })
})

test('a question during an outage is still a question', () => {
  const hop = clientHop(makeClientState({ link: asking }), NOON)
  const words = 'down for 5 min, waiting for your answer (attempt 3)'
  expect(hop).toMatchObject({ health: 'asking', words, cause: CAUSE })
})

test('whoever begins to look in the middle of a try is told of the outage, once', () => {
  const withLink = (link: LinkState): BridgeState =>
    makeBridgeState({
      clients: [makeClientState({ link })],
      egress: {
        use: 'mtls',
        tunnel: { phase: 'connecting', since: NOON, server: 'a:8443', outage: OUTAGE },
      },
    })
  const lines = new ChangeLines({ ownName: 'sovereign' })
  const first = lines.next(withLink(dialling), NOON)
  expect(first).toContain('client builder: reconnecting: vm refused it.')
  expect(first).toContain('tunnel: reconnecting: vm refused it.')
  const waiting: LinkState = { ...{ phase: 'reconnecting', attempt: 3, nextTryAt: NOON }, ...OUTAGE }
  expect(lines.next(withLink(waiting), NOON)).toEqual([])
  expect(lines.next(withLink(dialling), NOON + 30_000)).toEqual([])
  expect(lines.next(withLink(asking), NOON + 30_000)).toEqual([
    'client builder: waiting for an answer from you',
  ])
})
