import { describe, expect, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { REAL_AMBIENT } from '../../../../src/node/ambient.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import type { TestRelay } from '../../../support/start-relay.ts'

/** Clocks that a test can turn on. */
function turnableClock() {
  let aheadMs = 0
  let wallAheadMs = 0
  return {
    ambient: {
      ...REAL_AMBIENT,
      monotonicMs: () => performance.now() + aheadMs,
      now: () => Date.now() + wallAheadMs,
    },
    pass: (ms: number) => {
      aheadMs += ms
    },
    setWallClock: (ms: number) => {
      wallAheadMs += ms
    },
  }
}

function chat(to: TestRelay): Promise<Response> {
  const body = JSON.stringify({ model: 'gpt-4.1', messages: [{ role: 'user', content: 'hi' }] })
  return fetch(`${to.url}/v1/chat/completions`, { method: 'POST', body })
}

const exchanges = (to: TestRelay): number =>
  to.github.requests.filter(({ path }) => path === '/copilot_internal/v2/token').length

test('fifty requests at once make one exchange', async () => {
  const to = await startOwnRelay()
  const replies = await Promise.all(Array.from({ length: 50 }, () => chat(to)))
  expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
  expect(exchanges(to)).toBe(1)
})

test('a token that Copilot no longer takes is replaced and the request sent once more', async () => {
  const to = await startOwnRelay()
  await chat(to)
  to.github.copilotTokens.clear()
  expect((await chat(to)).status).toBe(200)
  expect(exchanges(to)).toBe(2)
})

test('a token that is refused twice is not tried a third time', async () => {
  const to = await startOwnRelay({ copilot: { isTokenValid: () => false } })
  const before = to.copilot.requests.filter(({ path }) => path === '/chat/completions').length
  const reply = await chat(to)
  expect([reply.status, reply.headers.get('x-relay-error')]).toEqual([401, 'upstream.unauthorized'])
  expect(to.copilot.requests.filter(({ path }) => path === '/chat/completions')).toHaveLength(before + 2)
})

test('a token is renewed when refresh_in is over, behind the request that notices', async () => {
  const clock = turnableClock()
  const to = await startOwnRelay({ ambient: clock.ambient })
  await chat(to)
  clock.pass(1_501_000)
  expect((await chat(to)).status).toBe(200)
  await expect.poll(() => exchanges(to)).toBe(2)
})

test('a wall clock that jumps by an hour changes nothing', async () => {
  const clock = turnableClock()
  const to = await startOwnRelay({ ambient: clock.ambient })
  await chat(to)
  clock.setWallClock(3_600_000)
  expect((await chat(to)).status).toBe(200)
  expect(exchanges(to)).toBe(1)
})

test('the old token serves while GitHub cannot be reached', async () => {
  const clock = turnableClock()
  const to = await startOwnRelay({ ambient: clock.ambient })
  await chat(to)
  to.github.script('exchange', { status: 502, body: 'bad gateway' }, { status: 502, body: 'bad gateway' })
  clock.pass(1_501_000)
  expect((await chat(to)).status).toBe(200)
  await expect.poll(() => to.logged()).toContain('the old one goes on')
  expect((await chat(to)).status).toBe(200)
})

test('a revoked sign-in is taken out of the file, named as the cause, and the relay lives on', async () => {
  const to = await startOwnRelay()
  await chat(to)
  to.github.revoke()
  const reply = await chat(to)
  expect([reply.status, reply.headers.get('x-relay-error')]).toEqual([401, 'relay.signed-out-by-github'])
  expect(await to.readConfig()).not.toHaveProperty('github_oauth_token')
  expect(await (await fetch(`${to.url}/health`)).json()).toMatchObject({ status: 'ok', authenticated: false })
  const { body } = await adminRequest(to.relay.adminSocketPath, 'GET', '/auth/status')
  expect(body).toMatchObject({ copilot: { problem: { code: 'relay.signed-out-by-github' } } })
})

test('a direct sign-in that is revoked is noticed as well', async () => {
  const to = await startOwnRelay({ identity: 'own' })
  expect((await chat(to)).status).toBe(200)
  to.github.revoke()
  const reply = await chat(to)
  expect([reply.status, reply.headers.get('x-relay-error')]).toEqual([401, 'relay.signed-out-by-github'])
})

test('an account without Copilot gets the words of GitHub and stays signed in', async () => {
  const to = await startOwnRelay({ signedIn: false })
  const refusal = {
    message: 'x',
    error_details: { message: 'No access to Copilot found.', url: 'https://github.com/a' },
  }
  const refusals = Array.from({ length: 4 }, () => ({ status: 403, body: refusal }))
  to.github.script('exchange', ...refusals)
  const call = adminRequest(to.relay.adminSocketPath, 'POST', '/auth/token', {
    github_token: to.github.oauthToken,
  })
  await expect(call).rejects.toMatchObject({
    code: 'relay.copilot-refused',
    message: expect.stringContaining('No access to Copilot found. https://github.com/a') as string,
  })
})

test('signed out, requests are refused with what to do', async () => {
  const to = await startOwnRelay({ signedIn: false })
  const reply = await chat(to)
  expect(reply.status).toBe(401)
  expect(await reply.text()).toContain('sovereign relay login')
})

describe('a fine-grained token', () => {
  test('goes to Copilot directly and is kept in the file', async () => {
    const to = await startOwnRelay({ signedIn: false })
    const token = 'github_pat_0123456789abcdefghij'
    to.github.acceptToken(token)
    await adminRequest(to.relay.adminSocketPath, 'POST', '/auth/token', { github_token: token })
    expect((await chat(to)).status).toBe(200)
    expect(to.copilot.requests.at(-1)?.headers.authorization).toBe(`Bearer ${token}`)
    expect(exchanges(to)).toBe(0)
    expect(await to.readConfig()).toMatchObject({ github_oauth_token: token })
  })

  test('that is none is refused without being repeated', async () => {
    const to = await startOwnRelay({ signedIn: false })
    const call = adminRequest(to.relay.adminSocketPath, 'POST', '/auth/token', {
      github_token: 'ghp_classic12345',
    })
    const error: unknown = await call.catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'relay.token-unusable' })
    expect(String(error)).not.toContain('ghp_classic12345')
    expect(to.logged()).not.toContain('ghp_classic12345')
  })

  test('that GitHub refuses leaves the sign-in of before in place', async () => {
    const to = await startOwnRelay()
    const call = adminRequest(to.relay.adminSocketPath, 'POST', '/auth/token', {
      github_token: 'github_pat_unknown0123456789',
    })
    await expect(call).rejects.toMatchObject({ code: 'relay.signed-out-by-github' })
    expect((await chat(to)).status).toBe(200)
    expect(await to.readConfig()).toMatchObject({ github_oauth_token: to.github.oauthToken })
  })
})
