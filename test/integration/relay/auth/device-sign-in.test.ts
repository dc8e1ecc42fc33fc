import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { REAL_AMBIENT } from '../../../../src/node/ambient.ts'
import {
  authStatusSchema,
  type FlowStatus,
  flowStatusSchema,
  startedFlowSchema,
} from '../../../../src/shared/protocol/relay-auth.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import type { TestRelay, TestRelayOptions } from '../../../support/start-relay.ts'

let nowMs = 0
const ambient = { ...REAL_AMBIENT, monotonicMs: () => nowMs }

async function start(options: TestRelayOptions = {}): Promise<TestRelay> {
  nowMs = 1_000_000
  const relay = await startOwnRelay({ signedIn: false, ambient, github: { now: () => nowMs }, ...options })
  return relay
}

async function begin(to: TestRelay): Promise<string> {
  const { body } = await adminRequest(to.relay.adminSocketPath, 'POST', '/auth/device', {})
  return startedFlowSchema.parse(body).flow_id
}

async function poll(to: TestRelay, flowId: string): Promise<FlowStatus> {
  const { body } = await adminRequest(to.relay.adminSocketPath, 'POST', '/auth/poll', { flow_id: flowId })
  return flowStatusSchema.parse(body)
}

const asked = (to: TestRelay): number =>
  to.github.requests.filter(({ path }) => path === '/login/oauth/access_token').length

test('a sign-in waits, succeeds, is saved for this user only, and serves requests', async () => {
  const to = await start()
  const flow = await begin(to)
  expect(await poll(to, flow)).toMatchObject({ status: 'pending' })
  to.github.answerDevice('approved')
  nowMs += 6000
  expect(await poll(to, flow)).toMatchObject({ status: 'success' })
  expect(await to.readConfig()).toMatchObject({ github_oauth_token: to.github.oauthToken })
  expect((await fetch(`${to.url}/v1/models`)).status).toBe(200)
})

async function running(to: TestRelay): Promise<unknown> {
  const { body } = await adminRequest(to.relay.adminSocketPath, 'GET', '/auth/status')
  return authStatusSchema.parse(body).signing_in
}

test('the newest sign-in under way is told to admins alone, until it has ended', async () => {
  const to = await start()
  expect(await running(to)).toBeUndefined()
  await begin(to)
  const flow = await begin(to)
  nowMs += 60_000
  expect(await running(to)).toEqual({
    flow_id: flow,
    user_code: 'WDJB-MJHT',
    verification_uri: 'https://github.com/login/device',
    expires_in: 840,
    expires_after: 900,
    interval: 5,
  })
  expect(await (await fetch(`${to.url}/auth/status`)).json()).not.toHaveProperty('signing_in')
  to.github.answerDevice('approved')
  expect(await poll(to, flow)).toMatchObject({ status: 'success' })
  expect(await running(to)).not.toMatchObject({ flow_id: flow })
})

test('a sign-in that was given up is not told any more and signs nobody in', async () => {
  const to = await start()
  const flow = await begin(to)
  await adminRequest(to.relay.adminSocketPath, 'DELETE', `/auth/device?flow_id=${flow}`)
  expect(await running(to)).toBeUndefined()
  to.github.answerDevice('approved')
  nowMs += 6000
  await expect(poll(to, flow)).rejects.toMatchObject({ code: 'relay.sign-in-unknown' })
  expect(asked(to)).toBe(0)
})

test('GitHub is not asked faster than it wants, however often the relay is', async () => {
  const to = await start()
  const flow = await begin(to)
  for (let times = 0; times < 20; times++) await poll(to, flow)
  expect(asked(to)).toBe(0)
  nowMs += 6000
  await Promise.all(Array.from({ length: 10 }, () => poll(to, flow)))
  expect(asked(to)).toBe(1)
})

test('slow_down raises the interval for good', async () => {
  const to = await start()
  const flow = await begin(to)
  to.github.script('poll', { status: 200, body: { error: 'slow_down', interval: 10 } })
  nowMs += 6000
  expect(await poll(to, flow)).toMatchObject({ status: 'pending', retry_after_ms: 11_000 })
  nowMs += 11_000
  expect(await poll(to, flow)).toMatchObject({ status: 'pending', retry_after_ms: 11_000 })
})

test.each([
  ['denied', 'denied', 'denied', 'relay.sign-in-denied'],
  ['expired', 'expired', 'expired', 'relay.sign-in-expired'],
  ['not possible', { error: 'device_flow_disabled' }, 'error', 'relay.sign-in-impossible'],
] as const)('a sign-in that is %s ends and is worded apart', async (_name, answer, status, code) => {
  const to = await start()
  const flow = await begin(to)
  to.github.answerDevice(answer)
  nowMs += 6000
  expect(await poll(to, flow)).toMatchObject({ status, code })
  const before = asked(to)
  expect(await poll(to, flow)).toMatchObject({ status, code })
  expect(asked(to)).toBe(before)
})

test('a code that nobody enters expires by our own clock', async () => {
  const to = await start()
  const flow = await begin(to)
  nowMs += 901_000
  expect(await poll(to, flow)).toMatchObject({ status: 'expired' })
  expect(asked(to)).toBe(0)
})

test('an account without Copilot ends the sign-in with the words of GitHub', async () => {
  const to = await start()
  const flow = await begin(to)
  to.github.answerDevice('approved')
  to.github.script('exchange', { status: 403, body: { error_details: { message: 'No Copilot here.' } } })
  nowMs += 6000
  const state = await poll(to, flow)
  expect(state).toMatchObject({ status: 'error', code: 'relay.copilot-refused' })
  expect(state.message).toContain('No Copilot here.')
})

test.each([
  { notification_id: 'feature_flag_blocked', message: 'Contact Support.' },
  { message: 'Access to Copilot has been disabled by your administrator.' },
])('an account that is kept from Copilot is told apart from one without it: $message', async (details) => {
  const to = await start()
  const flow = await begin(to)
  to.github.answerDevice('approved')
  to.github.script('exchange', { status: 403, body: { error_details: details } })
  nowMs += 6000
  expect(await poll(to, flow)).toMatchObject({ status: 'error', code: 'relay.copilot-blocked' })
})

test('an unknown flow is refused', async () => {
  const to = await start()
  await expect(poll(to, 'nothing')).rejects.toMatchObject({ code: 'relay.sign-in-unknown' })
})

test('the device code never leaves the relay', async () => {
  const to = await start()
  const { body } = await adminRequest(to.relay.adminSocketPath, 'POST', '/auth/device', {})
  expect(body).not.toHaveProperty('device_code')
})

test('without a client id the honest identity says which ways there are', async () => {
  const to = await start({ identity: 'own' })
  await expect(begin(to)).rejects.toMatchObject({ code: 'relay.identity-needed' })
})

test('a sign-in that cannot be saved works, and says so', async () => {
  const to = await start()
  await rm(to.configPath)
  await mkdir(join(to.configPath, 'in-the-way'), { recursive: true })
  const flow = await begin(to)
  to.github.answerDevice('approved')
  nowMs += 6000
  expect(await poll(to, flow)).toMatchObject({ status: 'success' })
  expect((await fetch(`${to.url}/v1/models`)).status).toBe(200)
  const { body } = await adminRequest(to.relay.adminSocketPath, 'GET', '/auth/status')
  expect(body).toMatchObject({ unsaved: expect.stringContaining('cannot be written') as string })
})

test('the page can be opened by anybody and does nothing without rights', async () => {
  const to = await start()
  const reply = await fetch(`${to.url}/auth/device`)
  const page = await reply.text()
  expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(page).toContain('Admin token')
  expect((await fetch(`${to.url}/auth/device`, { method: 'POST' })).status).toBe(403)
})

test('the admin token opens sign-in on the client port', async () => {
  const to = await start()
  const { body } = await adminRequest(to.relay.adminSocketPath, 'POST', '/admin/token')
  const { token } = body as { token: string }
  const headers = { authorization: `Bearer ${token}` }
  expect((await fetch(`${to.url}/auth/device`, { method: 'POST', headers })).status).toBe(200)
})
