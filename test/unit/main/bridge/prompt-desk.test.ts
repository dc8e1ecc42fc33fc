import { expect, test } from 'vitest'
import { PromptDesk } from '../../../../src/main/bridge/prompt-desk.ts'
import type { Prompt, Question } from '../../../../src/shared/state/prompt.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'

const PASSPHRASE: Question = {
  kind: 'passphrase',
  keyFile: '/home/me/.ssh/id',
  attempt: 1,
  canRemember: true,
}
const SECOND_FACTOR: Question = {
  kind: 'keyboard-interactive',
  user: 'me',
  host: 'vm',
  title: '',
  instructions: '',
  questions: [{ text: 'Code', echo: false }],
}
const ANSWER = { kind: 'passphrase', passphrase: 'horse', remember: false } as const

function makeDesk(): { desk: PromptDesk; shown: () => readonly Prompt[] } {
  let shown: readonly Prompt[] = []
  const desk = new PromptDesk(fakeAmbient(), (prompts) => {
    shown = prompts
  })
  return { desk, shown: () => shown }
}

function idOf(prompts: readonly Prompt[]): string {
  const [prompt] = prompts
  if (prompt === undefined) throw new Error('Nothing is asked.')
  return prompt.id
}

const never = new AbortController().signal

test('connections that share a key ask for its passphrase once and all get the answer', async () => {
  const { desk, shown } = makeDesk()
  const answers = Promise.all([desk.ask(PASSPHRASE, never), desk.ask(PASSPHRASE, never)])
  expect(shown()).toHaveLength(1)
  desk.answer(idOf(shown()), ANSWER)
  expect(await answers).toEqual([ANSWER, ANSWER])
  expect(shown()).toEqual([])
})

test('a second factor is asked for every login, because a code works only once', () => {
  const { desk, shown } = makeDesk()
  void desk.ask(SECOND_FACTOR, never)
  void desk.ask(SECOND_FACTOR, never)
  expect(shown()).toHaveLength(2)
})

test('a question stays open while anybody still waits for it', async () => {
  const { desk, shown } = makeDesk()
  const impatient = new AbortController()
  const first = desk.ask(PASSPHRASE, impatient.signal)
  const second = desk.ask(PASSPHRASE, never)
  impatient.abort()
  await expect(first).rejects.toMatchObject({ code: 'prompt.cancelled' })
  expect(shown()).toHaveLength(1)
  desk.answer(idOf(shown()), ANSWER)
  expect(await second).toEqual(ANSWER)
})

test('a question that nobody waits for any more disappears', async () => {
  const { desk, shown } = makeDesk()
  const controller = new AbortController()
  const asked = desk.ask(PASSPHRASE, controller.signal)
  controller.abort()
  await expect(asked).rejects.toMatchObject({ code: 'prompt.cancelled' })
  expect(shown()).toEqual([])
})

test('an answer of another kind is refused and the question stays', () => {
  const { desk, shown } = makeDesk()
  void desk.ask(PASSPHRASE, never)
  expect(() => desk.answer(idOf(shown()), { kind: 'host-key', accept: true })).toThrow(/passphrase/)
  expect(shown()).toHaveLength(1)
})

test('an answer to a question that is gone says so', () => {
  expect(() => makeDesk().desk.answer('no-such-id', ANSWER)).toThrow(/not open any more/)
})

test('cancelling rejects everybody who waits', async () => {
  const { desk, shown } = makeDesk()
  const asked = desk.ask(PASSPHRASE, never)
  desk.answer(idOf(shown()), { kind: 'cancel' })
  await expect(asked).rejects.toMatchObject({ code: 'prompt.cancelled' })
})
