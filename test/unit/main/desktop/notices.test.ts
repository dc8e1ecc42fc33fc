import { expect, test } from 'vitest'
import { freshMemory, type Notice, noticeRound } from '../../../../src/main/desktop/notices.ts'
import { AppError, toFailure } from '../../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { Job } from '../../../../src/shared/state/job.ts'
import { makeBridgeState, NOON } from '../../../support/make-bridge-state.ts'

const CAUSE = toFailure(new AppError('ssh.connection-lost', 'The connection to pi was cut.'))
const WORKS = makeBridgeState({
  relay: {
    kind: 'ssh',
    place: 'pi:8080',
    link: { phase: 'connected', since: NOON, roundTripMs: 4 },
    health: {
      kind: 'ok',
      at: NOON,
      version: '0.1.0',
      roundTripMs: 5,
      upstreams: [{ name: 'copilot', signedIn: true }],
    },
  },
})
const CUT = makeBridgeState({
  relay: { ...WORKS.relay, link: { phase: 'failed', since: NOON, cause: CAUSE } },
})
const JOB: Job = {
  id: 'j1',
  kind: 'install-relay',
  subject: 'pi',
  startedAt: NOON,
  progress: { phase: 'running' },
  steps: [],
}

/** Lives through the states at their seconds. @returns what was said, with the second. */
function live(
  ...moments: readonly (readonly [second: number, BridgeState])[]
): (readonly [number, Notice])[] {
  let memory = freshMemory(0)
  return moments.flatMap(([second, state]) => {
    const round = noticeRound(memory, state, second * 1000)
    memory = round.memory
    return round.notices.map((notice): [number, Notice] => [second, notice])
  })
}

test('a link that is back within seconds is nobody told of', () => {
  expect(live([60, WORKS], [61, CUT], [70, CUT], [71, WORKS], [72, CUT], [80, WORKS])).toEqual([])
})

test('a link that stays broken is told once, with cause and remedy, and once more when it works again', () => {
  const said = live([60, WORKS], [61, CUT], [76, CUT], [90, CUT], [300, CUT], [301, WORKS], [302, WORKS])
  expect(said).toEqual([
    [
      76,
      { title: 'No way to the relay pi:8080', body: expect.stringContaining('was cut.'), view: 'dashboard' },
    ],
    [301, { title: 'Connected to the relay pi:8080', body: 'Everything works.', view: 'dashboard' }],
  ])
})

test('the next look is due when a break begins to count as lasting', () => {
  const first = noticeRound({ ...freshMemory(0), said: 'good' }, CUT, 60_000)
  expect(first.lookAgainAt).toBe(75_000)
})

test('nothing is said of a connection in the first seconds of the app', () => {
  expect(live([0, CUT], [16, CUT])).toEqual([])
  expect(live([0, CUT], [20, CUT])).toHaveLength(1)
})

test('a connection that takes long is said to take long, and not that everything works', () => {
  const slow = (link: BridgeState['relay']['link']): BridgeState => ({
    ...WORKS,
    relay: { ...WORKS.relay, link, health: { kind: 'unknown' } },
  })
  const fresh = slow({ phase: 'connecting', step: 'resolving', attempt: 1, since: NOON })
  const retried = slow({ phase: 'reconnecting', attempt: 2, nextTryAt: NOON, since: NOON, cause: CAUSE })
  const title = 'Still connecting to the relay pi:8080'
  expect(live([0, fresh], [20, fresh])).toMatchObject([
    [20, { title, body: 'It takes longer than it should.' }],
  ])
  expect(live([60, WORKS], [61, retried], [76, retried])).toMatchObject([
    [76, { title, body: expect.stringContaining('was cut.') }],
  ])
})

test('whoever disconnects is not told so', () => {
  expect(
    live([60, WORKS], [61, { ...WORKS, wanted: 'disconnected' }], [99, { ...WORKS, wanted: 'disconnected' }]),
  ).toEqual([])
})

test('a question is told at once, and once', () => {
  const asked: BridgeState = {
    ...WORKS,
    prompts: [
      { id: 'p', askedAt: NOON, kind: 'passphrase', keyFile: '~/.ssh/id', attempt: 1, canRemember: true },
    ],
  }
  expect(live([1, WORKS], [2, asked], [3, asked])).toEqual([
    [
      2,
      {
        title: 'Sovereign Bridge needs an answer',
        body: 'The key ~/.ssh/id needs its passphrase.',
        view: 'prompts',
      },
    ],
  ])
})

test('the end of long work is told, unless somebody cancelled it', () => {
  const running = { ...WORKS, jobs: [JOB] }
  const ended = (progress: Job['progress']): BridgeState => ({ ...WORKS, jobs: [{ ...JOB, progress }] })
  expect(
    live([1, running], [2, ended({ phase: 'done', at: NOON })], [3, ended({ phase: 'done', at: NOON })]),
  ).toEqual([[2, { title: 'Relay on pi', body: 'Done.', view: 'dashboard' }]])
  expect(live([1, running], [2, ended({ phase: 'failed', at: NOON, cause: CAUSE })])).toHaveLength(1)
  expect(live([1, running], [2, ended({ phase: 'cancelled', at: NOON })])).toEqual([])
  expect(live([1, ended({ phase: 'done', at: NOON })])).toEqual([])
})
