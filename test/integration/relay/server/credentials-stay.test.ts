import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { OPENROUTER_KEY, startTestRelay, type TestRelay } from '../../../support/start-relay.ts'

let relay: TestRelay
beforeAll(async () => {
  relay = await startTestRelay()
})
afterAll(() => relay.close())

test('no answer, no log line and no file but config.json ever holds a credential', async () => {
  const seen: string[] = []
  const ask = async (path: string, init: RequestInit = {}): Promise<void> => {
    const reply = await fetch(`${relay.url}${path}`, init)
    seen.push(JSON.stringify([...reply.headers]), await reply.text())
  }
  const chat = (model: string): RequestInit => ({
    method: 'POST',
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'my private prompt' }] }),
    headers: { authorization: 'Bearer sk-ant-foreign-credential', 'x-api-key': 'sk-ant-foreign-credential' },
  })
  for (const path of [
    '/',
    '/health',
    '/stats',
    '/metrics',
    '/auth/status',
    '/auth/device',
    '/v1/models',
    '/setup',
  ])
    await ask(path)
  await ask('/v1/chat/completions', chat('gpt-4.1'))
  await ask('/v1/chat/completions', chat('no-such-model'))
  await ask('/api/v1/chat/completions', chat('a/b'))
  await ask('/api/v1/models')
  // Upstreams that repeat the credential in what they say about it.
  const [copilotToken = ''] = relay.github.copilotTokens
  relay.copilot.script({ status: 500, body: `odd: ${copilotToken}` })
  await ask('/v1/chat/completions', chat('gpt-4.1'))
  relay.copilot.script({ status: 400, body: { error: { message: `odd: ${copilotToken}` } } })
  await ask('/v1/chat/completions', chat('gpt-4.1'))
  relay.github.script('user', { status: 500, body: { message: `token ${relay.github.oauthToken} is odd` } })
  for (const path of ['/auth/status', '/stats', '/admin/clients'])
    seen.push(JSON.stringify((await adminRequest(relay.relay.adminSocketPath, 'GET', path)).body))
  relay.github.revoke()
  await ask('/v1/chat/completions', chat('gpt-4.1'))
  seen.push(relay.logged())
  seen.push(await readFile(join(relay.dir, 'data', 'usage.db'), 'latin1'))

  const everything = seen.join('\n')
  for (const secret of [relay.github.oauthToken, copilotToken, OPENROUTER_KEY, 'sk-ant-foreign-credential'])
    expect(everything.includes(secret)).toBe(false)
  expect(relay.logged()).not.toContain('my private prompt')
  expect(copilotToken).not.toBe('')
})

test('config.json and the admin socket are for this user only', async () => {
  await adminRequest(relay.relay.adminSocketPath, 'POST', '/auth/token', {
    openrouter_api_key: OPENROUTER_KEY,
  })
  expect((await stat(relay.configPath)).mode & 0o777).toBe(0o600)
  expect((await stat(relay.relay.adminSocketPath)).mode & 0o777).toBe(0o600)
})
