import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Relay, startRelay } from '../../src/relay/relay.ts'
import { newTokenSchema } from '../../src/shared/protocol/clients.ts'
import { makeTempDir } from '../support/make-temp-dir.ts'
import { GOOD_JOURNEY, openCodeJourney, openCodeResponder } from '../support/opencode.ts'
import { type FakeCopilot, startFakeCopilot } from '../support/upstreams/fake-copilot.ts'
import { type FakeGithub, startFakeGithub } from '../support/upstreams/fake-github.ts'

let github: FakeGithub
let copilot: FakeCopilot
let relay: Relay
let baseUrl: string

beforeEach(async () => {
  const dir = await makeTempDir('e2e-relay-')
  copilot = await startFakeCopilot({ respond: openCodeResponder })
  onTestFinished(() => copilot.close())
  github = await startFakeGithub({ copilotApiUrl: copilot.url })
  onTestFinished(() => github.close())
  const configPath = join(dir, 'config.json')
  await writeFile(configPath, JSON.stringify({ github_oauth_token: github.oauthToken }), { mode: 0o600 })
  relay = await startRelay({
    configPath,
    dataDir: join(dir, 'data'),
    listen: { host: '127.0.0.1', port: 0 },
    env: {
      LOG_LEVEL: 'silent',
      GITHUB_BASE_URL: github.url,
      GITHUB_API_BASE_URL: github.url,
      COPILOT_API_BASE_URL: copilot.url,
    },
  })
  onTestFinished(() => relay.close(0))
  baseUrl = `http://127.0.0.1:${relay.address?.port}`
})

function postAdmin(path: string, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request({ socketPath: relay.adminSocketPath, path, method: 'POST', headers }, (response) => {
      json(response).then(resolve, reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}

test('a real OpenCode configured by nothing but /setup completes a conversation with a tool', async () => {
  const journey = await openCodeJourney({ baseUrl, secrets: [github.oauthToken] })
  expect(journey).toMatchObject(GOOD_JOURNEY)
  const used = copilot.requests.filter((sent) => sent.method === 'POST')
  expect(used.length).toBeGreaterThanOrEqual(2)
  expect(used.every((sent) => sent.headers.authorization === `Bearer ${github.oauthToken}`)).toBe(true)
})

test.each(['claude-sonnet-4.5', 'gpt-5.3-codex', 'claude-opus-5'])(
  'the same conversation works with %s on the endpoint that it supports',
  async (model) => {
    expect(await openCodeJourney({ baseUrl, model: `sovereign/${model}` })).toMatchObject(GOOD_JOURNEY)
  },
)

test('a relay that asks for tokens serves the client that has one', async () => {
  const { token } = newTokenSchema.parse(await postAdmin('/admin/clients', { name: 'vm-one' }))
  await postAdmin('/admin/clients/require', { required: true })
  expect((await fetch(`${baseUrl}/v1/models`)).status).toBe(401)

  const journey = await openCodeJourney({ baseUrl, token, secrets: [github.oauthToken] })

  expect(journey).toMatchObject(GOOD_JOURNEY)
  const withoutToken = await openCodeJourney({ baseUrl })
  expect(withoutToken.setup).toMatchObject({ code: 1 })
  expect(withoutToken.setup.stderr).toContain('set SOVEREIGN_TOKEN')
  expect(withoutToken.file).toBeUndefined()
})
