import { expect, test } from 'vitest'
import { isGitHubPage, type MessageBox, signInBox } from '../../../../src/main/desktop/dialogs.ts'
import { signIn } from '../../../../src/main/desktop/sign-in.ts'
import type { FlowStatus, StartedFlow } from '../../../../src/shared/protocol/relay-auth.ts'
import { fakeBridgeApi } from '../../../support/fake-bridge-api.ts'

const FLOW: StartedFlow = {
  success: true,
  user_code: 'ABCD-1234',
  verification_uri: 'https://github.com/login/device',
  flow_id: 'flow-1',
  expires_in: 60,
  interval: 5,
  message: '',
}
const PENDING: FlowStatus = { status: 'pending', message: 'Not yet.' }

async function runSignIn(answers: readonly FlowStatus[], flow = FLOW, firstButton = 0) {
  const api = fakeBridgeApi()
  const boxes: MessageBox[] = []
  const opened: string[] = []
  const codes: (string | undefined)[] = []
  const sleptMs: number[] = []
  let polls = 0
  api.answer('startSignIn', () => flow)
  api.answer('pollSignIn', () => answers[polls++] ?? PENDING)
  await signIn({
    api,
    show: async (box) => {
      boxes.push(box)
      return boxes.length === 1 ? firstButton : 0
    },
    copy: () => undefined,
    openBrowser: (address) => void opened.push(address),
    onCode: (code) => void codes.push(code),
    signal: new AbortController().signal,
    sleep: async (ms) => void sleptMs.push(ms),
  })
  return { boxes, codes, opened, polls, sleptMs }
}

test('the relay is asked as often as GitHub allows, slower once it says so', async () => {
  const { boxes, codes, sleptMs } = await runSignIn([
    PENDING,
    { ...PENDING, retry_after_ms: 10_000 },
    { status: 'success', message: 'Hello.' },
  ])
  expect(sleptMs).toEqual([5_000, 5_000, 10_000])
  expect(boxes.map(({ message }) => message)).toEqual([
    'Your code: ABCD-1234',
    'Signed in to GitHub Copilot.',
  ])
  expect(codes).toEqual(['ABCD-1234', undefined])
})

test.each([
  ['expired', 'The code has expired before it was entered.'],
  ['denied', 'The sign-in was refused at GitHub.'],
  ['error', 'The sign-in did not work.'],
] as const)('a sign-in that ends as %s says which', async (status, message) => {
  const { boxes } = await runSignIn([{ status, message: 'More.' }])
  expect(boxes[1]).toMatchObject({ type: 'error', message })
})

test('asking ends with the life of the code', async () => {
  const { boxes, polls } = await runSignIn([], { ...FLOW, interval: 0, expires_in: 3 })
  expect(polls).toBe(3)
  expect(boxes[1]?.message).toBe('The code has expired before it was entered.')
})

test('cancelling the first box opens nothing and asks nothing', async () => {
  expect(await runSignIn([], FLOW, 2)).toMatchObject({ opened: [], polls: 0, codes: [] })
})

test.each([
  ['https://github.com/login/device', true],
  ['https://acme.ghe.com/login/device', true],
  ['http://github.com/login/device', false],
  ['https://github.com.evil.example/login', false],
  ['https://user@github.com/', false],
  ['https://github.com:8443/', false],
  ['file:///etc/passwd', false],
  ['javascript:alert(1)', false],
  ['not a url', false],
])('whether %s may be opened: %s', (address, expected) => {
  expect(isGitHubPage(address)).toBe(expected)
})

test('an address that is not one of GitHub is shown and cannot be opened', async () => {
  const flow = { ...FLOW, verification_uri: 'https://evil.example/device' }
  const { box, choices } = signInBox(flow)
  expect(choices).toEqual(['copy', 'cancel'])
  expect(box.detail).toContain('https://evil.example/device')
  expect((await runSignIn([{ status: 'success', message: '' }], flow)).opened).toEqual([])
})
