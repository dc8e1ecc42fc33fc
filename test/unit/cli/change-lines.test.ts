import { expect, test } from 'vitest'
import { ChangeLines } from '../../../src/cli/change-lines.ts'
import { AppError, toFailure } from '../../../src/shared/errors/app-error.ts'
import type { ErrorCode } from '../../../src/shared/errors/codes.ts'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import type { LinkState } from '../../../src/shared/state/link.ts'
import { makeBridgeState, makeClientState, NOON } from '../../support/make-bridge-state.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

function withLink(link: LinkState): BridgeState {
  return makeBridgeState({ clients: [makeClientState({ link })] })
}

const connecting = (attempt: number): LinkState => ({
  phase: 'connecting',
  step: 'resolving',
  attempt,
  since: NOON,
})
const connected: LinkState = { phase: 'connected', since: NOON, roundTripMs: 12.4 }

function reconnecting(
  attempt: number,
  code: ErrorCode = 'ssh.connection-refused',
  words = 'vm refused it.',
): LinkState {
  const cause = toFailure(new AppError(code, words))
  return { phase: 'reconnecting', attempt, nextTryAt: NOON, since: NOON, cause }
}

/** What is said of the client after each state, the first one left out. */
function follow(...steps: readonly (readonly [at: number, link: LinkState])[]): string[][] {
  const lines = new ChangeLines({ ownName: 'npx sovereign' })
  const said = steps.map(([at, link]) => lines.next(withLink(link), NOON + at))
  return said.slice(1)
}

test('the first state is told whole', () => {
  const lines = new ChangeLines({ ownName: 'sovereign' }).next(withLink(connected), NOON)
  expect(lines).toEqual([
    'relay embedded: connected',
    'relay health: unknown',
    'this computer: listening on 127.0.0.1:8080',
    'client builder: connected (12 ms)',
    'client builder address: listening on 127.0.0.1:8080',
    'client builder path: a request from there reached the relay and came back',
  ])
})

test('what has not changed is not told again, nor is a time that was measured anew', () => {
  expect(follow([0, connected], [1, connected], [2, { ...connected, roundTripMs: 90 }])).toEqual([[], []])
})

test('attempts that fail in the same way are told once', () => {
  const tries = Array.from({ length: 50 }, (_, index): [number, LinkState][] => [
    [index * SECOND, connecting(index + 1)],
    [index * SECOND, reconnecting(index + 1)],
  ]).flat()
  expect(follow([0, connected], ...tries).flat()).toEqual([
    'client builder: connecting',
    'client builder: reconnecting: vm refused it.',
  ])
})

test('each new cause of an outage is told, and one that comes back is not', () => {
  const said = follow(
    [0, connected],
    [1, reconnecting(1)],
    [2, reconnecting(2, 'ssh.unreachable', 'vm is silent.')],
    [3, reconnecting(3)],
    [4, reconnecting(4, 'ssh.unreachable', 'vm is silent again.')],
  )
  expect(said).toEqual([
    ['client builder: reconnecting: vm refused it.'],
    ['client builder: reconnecting: vm is silent.'],
    [],
    [],
  ])
})

test('a lasting outage is told again after 1 min, 10 min and then every hour, and so is its end', () => {
  const said: string[] = []
  const lines = new ChangeLines({ ownName: 'sovereign' })
  lines.next(withLink(connected), NOON)
  for (let at = 0; at <= 130 * MINUTE; at += 10 * SECOND) {
    said.push(...lines.next(withLink(connecting(at / SECOND)), NOON + at))
    said.push(...lines.next(withLink(reconnecting(at / SECOND)), NOON + at))
  }
  said.push(...lines.next(withLink(connected), NOON + 131 * MINUTE))
  expect(said).toEqual([
    'client builder: connecting',
    'client builder: reconnecting: vm refused it.',
    'client builder: still reconnecting after 1 min: vm refused it.',
    'client builder: still reconnecting after 10 min: vm refused it.',
    'client builder: still reconnecting after 1 h: vm refused it.',
    'client builder: still reconnecting after 2 h: vm refused it.',
    'client builder: connected again after 2 h 11 min (12 ms)',
  ])
})

test('a question, a failure for good and a new try by hand are told also during an outage', () => {
  const cause = toFailure(new AppError('ssh.auth-failed', 'vm accepts no key.', { remedy: 'Add one.' }))
  const said = follow(
    [0, reconnecting(1)],
    [1, { ...connecting(2), step: 'waiting-for-you' } as LinkState],
    [2, { phase: 'failed', since: NOON, cause }],
    [3, connecting(1)],
    [4, { phase: 'failed', since: NOON, cause }],
    [5, { phase: 'idle' }],
  )
  expect(said.map(([line]) => line?.slice('client builder: '.length))).toEqual([
    'waiting for an answer from you',
    'failed: vm accepts no key. Add one.',
    'connecting',
    'failed: vm accepts no key. Add one.',
    'not connected',
  ])
})

test('a health and a path that fail again and again are told once', () => {
  const lines = new ChangeLines({ ownName: 'sovereign' })
  const cause = toFailure(new AppError('relay.unreachable', 'It does not answer.', { remedy: 'Start it.' }))
  const relay = makeBridgeState().relay
  const state = (isBroken: boolean): BridgeState =>
    makeBridgeState({
      relay: { ...relay, health: isBroken ? { kind: 'failing', at: NOON, cause } : { kind: 'unknown' } },
      clients: [
        makeClientState({ path: isBroken ? { kind: 'broken', at: NOON, cause } : { kind: 'unproven' } }),
      ],
    })
  lines.next(makeBridgeState({ clients: [makeClientState()] }), NOON)
  const said = [true, false, true, false, true].flatMap((isBroken) => lines.next(state(isBroken), NOON))
  expect(said).toEqual([
    'relay health: failing: It does not answer. Start it.',
    'client builder path: broken: It does not answer. Start it.',
  ])
})

test('commands in a line are those that work here', () => {
  const prompt = {
    ...{ id: 'p1', askedAt: NOON, kind: 'password', host: 'vm', user: 'me', attempt: 1 },
  } as BridgeState['prompts'][number]
  const lines = new ChangeLines({ ownName: 'npx sovereign' }).next(
    makeBridgeState({ prompts: [prompt] }),
    NOON,
  )
  expect(lines).toContain('question p1: password; answer it with "npx sovereign prompts"')
})
