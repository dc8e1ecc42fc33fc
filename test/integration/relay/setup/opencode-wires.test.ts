import { expect, onTestFinished, test } from 'vitest'
import { makeTempDir } from '../../../support/make-temp-dir.ts'
import { GOOD_JOURNEY, openCodeJourney, openCodeResponder } from '../../../support/opencode.ts'
import { startSetupServer } from '../../../support/start-setup-server.ts'
import { copilotModels } from '../../../support/upstreams/copilot-models.ts'
import { startFakeCopilot } from '../../../support/upstreams/fake-copilot.ts'

test.each([
  ['sovereign/claude-sonnet-4.5', '/chat/completions'],
  ['sovereign/gpt-5.3-codex', '/responses'],
  ['sovereign/claude-opus-5', '/v1/messages'],
])('a real OpenCode without internet uses tools with %s on %s', async (model, endpoint) => {
  const dataDir = await makeTempDir('wires-')
  const copilot = await startFakeCopilot({ respond: openCodeResponder })
  onTestFinished(() => copilot.close())
  const server = await startSetupServer(dataDir)
  onTestFinished(() => server.close())
  server.state.copilot = { data: copilotModels() }
  server.state.upstream = copilot.url
  const token = 'sov_client_0123456789'
  server.state.token = token

  const journey = await openCodeJourney({ baseUrl: server.url, model, token })

  expect(journey).toMatchObject(GOOD_JOURNEY)
  const used = copilot.requests.filter((request) => request.json?.model === model.split('/')[1])
  expect(used.length).toBeGreaterThanOrEqual(2)
  expect(new Set(used.map((request) => request.path))).toEqual(new Set([endpoint]))
})
