import { expect, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import { OPENROUTER_KEY, type TestRelay } from '../../../support/start-relay.ts'

async function signedOut(): Promise<TestRelay> {
  const relay = await startOwnRelay({ signedIn: false })
  return relay
}

function give(to: TestRelay, body: Readonly<Record<string, string>>): Promise<unknown> {
  return adminRequest(to.relay.adminSocketPath, 'POST', '/auth/token', body)
}

test('a key that OpenRouter does not take is refused with its words, and the one before stays', async () => {
  const to = await signedOut()
  await give(to, { openrouter_api_key: OPENROUTER_KEY })
  await expect(give(to, { openrouter_api_key: 'sk-or-v1-mistyped0123456789' })).rejects.toMatchObject({
    code: 'relay.token-unusable',
    message: 'OpenRouter does not take this key (status 401): No auth credentials found.',
    remedy: 'Copy it again, whole, or make a new one at https://openrouter.ai/settings/keys.',
  })
  expect(await to.readConfig()).toMatchObject({ openrouter_api_key: OPENROUTER_KEY })
  expect(to.logged()).not.toContain('mistyped')
})

test('what is no key at first sight is not sent to OpenRouter', async () => {
  const to = await signedOut()
  for (const key of ['sk-or-v1-your-key-here', 'github_pat_0123456789', 'sk-or-v1 x'])
    await expect(give(to, { openrouter_api_key: key })).rejects.toMatchObject({
      code: expect.stringMatching(/^relay\.(?:key-placeholder|token-unusable)$/) as string,
    })
  expect(to.openrouter.requests).toEqual([])
})

test('a key is kept where OpenRouter cannot be reached: that says nothing about it', async () => {
  const to = await signedOut()
  await to.openrouter.close()
  await give(to, { openrouter_api_key: OPENROUTER_KEY })
  expect(await to.readConfig()).toMatchObject({ openrouter_api_key: OPENROUTER_KEY })
})

test('whoever gave a token that GitHub refuses is told what may be wrong with it', async () => {
  const to = await signedOut()
  await expect(give(to, { github_token: 'github_pat_mistyped0123456789' })).rejects.toMatchObject({
    message: 'GitHub answered with status 401: Bad credentials.',
    remedy: 'Copy the token again, whole, or look at GitHub whether it has expired or was revoked.',
  })
})
