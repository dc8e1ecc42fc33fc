import { expect, test } from 'vitest'
import { changedHostKeys, portConflicts } from '../../../../../src/renderer/features/prompts/attention.ts'
import { NOTHING_SEEN, nextPrompt } from '../../../../../src/renderer/features/prompts/prompt-queue.ts'
import type { Failure } from '../../../../../src/shared/errors/app-error.ts'
import type { Prompt } from '../../../../../src/shared/state/prompt.ts'
import { makeBridgeState, makeClientState, NOON } from '../../../../support/make-bridge-state.ts'

const failure = (code: Failure['code'], message: string, cause?: Failure): Failure => ({
  code,
  message,
  recovery: 'user',
  remedy: 'Do something.',
  ...(cause === undefined ? {} : { cause }),
})
const taken = {
  phase: 'failed',
  address: '127.0.0.1:8080',
  since: NOON,
  cause: failure('port.taken', 'Taken.'),
} as const

test('ports that are taken here and on clients are conflicts, where another one is free', () => {
  const clients = [
    makeClientState({ name: 'a', listener: { ...taken, otherPort: 8081 } }),
    makeClientState({ name: 'b', listener: taken }),
    makeClientState({ name: 'c' }),
  ]
  const found = portConflicts(makeBridgeState({ agent: { ...taken, otherPort: 8082 }, clients }))
  expect(found.map(({ target, otherPort }) => [target, otherPort])).toEqual([
    ['agent', 8082],
    ['a', 8081],
  ])
})

test('a changed key is found below the failure of a jump host, with both fingerprints', () => {
  const shown = `SHA256:${'a'.repeat(43)}`
  const known = `SHA256:${'b'.repeat(43)}`
  const changed = failure('ssh.host-key-changed', `j shows the key x ${shown}, but on record is x ${known}.`)
  const cause = failure('ssh.jump-failed', 'j could not be passed.', changed)
  const client = makeClientState({ place: 'vm', link: { phase: 'failed', since: NOON, cause } })
  expect(changedHostKeys(makeBridgeState({ clients: [client] }))).toMatchObject([
    { place: 'vm', shown, recorded: [known], isRevoked: false },
  ])
})

test('links that fail for other reasons need no such notice', () => {
  const link = { phase: 'failed', since: NOON, cause: failure('ssh.auth-failed', 'No.') } as const
  expect(changedHostKeys(makeBridgeState({ clients: [makeClientState({ link })] }))).toEqual([])
})

const prompt = (id: string): Prompt => ({
  id,
  askedAt: NOON,
  kind: 'password',
  user: 'eve',
  host: id,
  attempt: 1,
})
const NONE: ReadonlySet<string> = new Set()

test('the question in front stays there, whatever comes', () => {
  const seen = { shown: prompt('b'), gone: undefined }
  expect(nextPrompt(seen, [prompt('a'), prompt('b')], NONE)).toMatchObject({
    current: { id: 'b' },
    waiting: 1,
  })
})

test('one that was answered here makes room for the next without a word', () => {
  const seen = { shown: prompt('a'), gone: undefined }
  expect(nextPrompt(seen, [prompt('b')], new Set(['a']))).toMatchObject({
    current: { id: 'b' },
    gone: undefined,
  })
})

test('one that went away by itself is told of, also over the next', () => {
  const seen = { shown: prompt('a'), gone: undefined }
  expect(nextPrompt(seen, [], NONE)).toMatchObject({ current: undefined, gone: { id: 'a' } })
  expect(nextPrompt(seen, [prompt('b')], NONE)).toMatchObject({ current: { id: 'b' }, gone: { id: 'a' } })
})

test('without questions there is nothing', () => {
  expect(nextPrompt(NOTHING_SEEN, [], NONE)).toEqual({ current: undefined, waiting: 0, gone: undefined })
})
