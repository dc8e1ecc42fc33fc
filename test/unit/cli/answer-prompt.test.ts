import { expect, test } from 'vitest'
import { type Asker, askPerson } from '../../../src/cli/answer-prompt.ts'
import { answerPrompts } from '../../../src/cli/commands/bridge-prompts.ts'
import { connectApi } from '../../../src/shared/bridge-api/connect-api.ts'
import { serveApi } from '../../../src/shared/bridge-api/serve-api.ts'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { Prompt } from '../../../src/shared/state/prompt.ts'
import { fakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { NOON } from '../../support/make-bridge-state.ts'
import { memoryPorts } from '../../support/memory-port.ts'

interface FakePerson extends Asker {
  /** What was shown, and what was asked with `(hidden)` where typing is not seen. */
  readonly screen: string[]
}

function fakePerson(...answers: string[]): FakePerson {
  const screen: string[] = []
  return {
    screen,
    tell: (text) => void screen.push(text),
    ask: async (question, { isHidden }) => {
      screen.push(isHidden ? `${question}(hidden)` : question)
      return answers.shift() ?? Promise.reject(new AppError('prompt.cancelled', 'Nothing was entered.'))
    },
  }
}

const ASKED = { id: '1', askedAt: NOON }
const FINGERPRINT = 'SHA256:9Yg0m4kUe0sNw6u4lqzV3c7mJ7Zq0sFqkqTnWc2dJxo'
const HOST_KEY: Prompt = {
  ...ASKED,
  kind: 'host-key',
  host: 'pi',
  port: 22,
  keyType: 'ssh-ed25519',
  fingerprint: FINGERPRINT,
}
const PASSWORD: Prompt = { ...ASKED, kind: 'password', user: 'eve', host: 'pi', attempt: 2 }

test.each([
  [['yes'], true],
  [['no'], false],
  [['y', '', 'yes'], true],
  [[FINGERPRINT], true],
  [['SHA256:other'], false],
])('a new host key is accepted only by a whole word or its fingerprint: %j', async (typed, accept) => {
  expect(await askPerson(HOST_KEY, fakePerson(...typed))).toEqual({ kind: 'host-key', accept })
})

test('a password is asked for without showing it, says that the last one was wrong, and keeps its blanks', async () => {
  const person = fakePerson(' sword fish ')
  expect(await askPerson(PASSWORD, person)).toEqual({ kind: 'password', password: ' sword fish ' })
  expect(person.screen).toEqual([
    'Password of eve at pi (attempt 2, the last one was wrong)',
    'Password: (hidden)',
  ])
})

test.each([
  [true, 'yes', true],
  [true, 'no', false],
  [false, 'yes', false],
])(
  'a passphrase is kept only where that is possible (%s) and wished (%s)',
  async (canRemember, typed, remember) => {
    const prompt: Prompt = { ...ASKED, kind: 'passphrase', keyFile: '/k', attempt: 1, canRemember }
    expect(await askPerson(prompt, fakePerson('open', typed))).toEqual({
      kind: 'passphrase',
      passphrase: 'open',
      remember,
    })
  },
)

test('questions of a host are asked one by one, hidden as it wishes, and cannot command the terminal', async () => {
  const person = fakePerson('eve', '123456')
  const answer = await askPerson(
    {
      ...ASKED,
      kind: 'keyboard-interactive',
      user: 'eve',
      host: 'pi',
      title: 'Two\u001b[2Jfactor',
      instructions: 'Open\u0007 it.',
      questions: [
        { text: 'Name: ', echo: true },
        { text: '\u001b]0;x\u0007Code:', echo: false },
      ],
    },
    person,
  )
  expect(answer).toEqual({ kind: 'keyboard-interactive', answers: ['eve', '123456'] })
  expect(person.screen).toEqual([
    'pi asks eve: Two�[2Jfactor',
    '  Open� it.',
    'Name: ',
    '�]0;x�Code: (hidden)',
  ])
})

test('every question is put once, also one that follows an answer, and one answered elsewhere is no failure', async () => {
  const bridge = fakeBridgeApi({ prompts: [HOST_KEY, { ...PASSWORD, id: '2' }] })
  bridge.answer('answerPrompt', ({ id }: { id: string }) => {
    if (id === '1') throw new AppError('api.not-found', 'There is no question 1.')
    if (id === '2') bridge.publish({ prompts: [{ ...PASSWORD, id: '3' }] })
    else bridge.publish({ prompts: [] })
  })
  const [near, far] = memoryPorts()
  serveApi(bridge, near)
  const person = fakePerson('yes', 'first', 'second')
  expect(await answerPrompts(connectApi(far), person, 50)).toBe(3)
  expect(bridge.calls.filter(([name]) => name === 'answerPrompt').map(([, args]) => args)).toEqual([
    { id: '1', answer: { kind: 'host-key', accept: true } },
    { id: '2', answer: { kind: 'password', password: 'first' } },
    { id: '3', answer: { kind: 'password', password: 'second' } },
  ])
  expect(person.screen).toContain('That was answered elsewhere, or is no longer asked.')
})

test('where nothing is asked, nobody waits', async () => {
  const [near, far] = memoryPorts()
  serveApi(fakeBridgeApi(), near)
  expect(await answerPrompts(connectApi(far), fakePerson(), 60_000)).toBe(0)
})

test('who waits for questions is told when the bridge goes away', async () => {
  const [near, far] = memoryPorts()
  serveApi(fakeBridgeApi(), near)
  const waiting = answerPrompts(connectApi(far), fakePerson(), undefined)
  near.close()
  await expect(waiting).rejects.toMatchObject({ code: 'bridge.connection-ended' })
})
