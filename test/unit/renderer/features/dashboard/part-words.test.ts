import { expect, test } from 'vitest'
import {
  clientWord,
  relayWord,
  upstreamWord,
} from '../../../../../src/renderer/features/dashboard/part-words.ts'
import { makeClientState, NOON } from '../../../../support/make-bridge-state.ts'
import { makeBusyState, makeFailure } from '../../../../support/make-dashboard.ts'

const CAUSE = makeFailure('relay.unreachable', 'It cannot be reached.')

test('the time of the last look is not told as how long it is wrong', () => {
  expect(clientWord(makeClientState({ path: { kind: 'broken', at: NOON, cause: CAUSE } })).since).toBe(
    undefined,
  )
  const { relay } = makeBusyState(NOON)
  expect(relayWord({ ...relay, health: { kind: 'failing', at: NOON, cause: CAUSE } }).since).toBe(undefined)
})

test('a connection says since when it is up', () => {
  expect(clientWord(makeClientState()).since).toBe(NOON)
})

test('a provider without sign-in asks for one only while no other has it', () => {
  const copilot = { name: 'copilot', signedIn: false }
  expect(upstreamWord(copilot, false)).toEqual({ tone: 'ask', word: 'Not signed in' })
  expect(upstreamWord(copilot, true)).toEqual({ tone: 'quiet', word: 'Not signed in' })
  expect(upstreamWord({ name: 'vllm', signedIn: false }, true).word).toBe('Key missing')
})
