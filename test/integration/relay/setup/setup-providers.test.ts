import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { tarOf } from '../../../../src/relay/setup/tar.ts'
import { ask } from '../../../support/ask.ts'
import { freePort } from '../../../support/free-port.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import type { TestRelayOptions } from '../../../support/start-relay.ts'
import {
  type FakeOpenaiCompatibleOptions,
  startFakeOpenaiCompatible,
} from '../../../support/upstreams/fake-openai-compatible.ts'

async function start(
  box: FakeOpenaiCompatibleOptions,
  config: (baseUrl: string) => Readonly<Record<string, unknown>>,
  options: TestRelayOptions = {},
) {
  const standIn = await startFakeOpenaiCompatible(box)
  onTestFinished(() => standIn.close())
  const relay = await startOwnRelay({ ...options, config: config(standIn.baseUrl) })
  const settings = async (client: string): Promise<string> =>
    (await ask(`${relay.url}/setup?client=${client}`)).text
  /** The files of the archive, one after the other, which are all text. */
  const merged = async (): Promise<string> => {
    const body = await buffer(tarOf([{ name: 'current', mode: 0o600, content: Buffer.from('{}\n') }]))
    return (await ask(`${relay.url}/setup/opencode/merge`, { body })).text
  }
  return { ...relay, box: standIn, settings, merged }
}

test('the client set-up offers the models of a provider beside those of Copilot, as /v1 calls them', async () => {
  const { settings, merged } = await start({ models: ['org/coder', 'org/embed-small'] }, (base_url) => ({
    providers: { box: { base_url } },
  }))
  const config = await merged()
  expect(config).toContain('"box/org/coder"')
  expect(config).toContain('"context": 40960')
  expect(config).toContain('"gpt-4.1"')
  // Models that write nothing are of no use to an agent.
  expect(config).not.toContain('embed-small')
  expect(await settings('aider')).not.toContain('box/')
})

test('where models without a prefix go to a provider, other clients start with its models', async () => {
  const { settings, merged } = await start({ models: ['coder'] }, (base_url) => ({
    providers: { box: { base_url } },
    routing: { default: 'box' },
  }))
  expect(await settings('aider')).toMatch(/AIDER_MODEL=\S*coder/)
  expect(await merged()).toContain('"copilot/gpt-4.1"')
})

test('a provider alone is enough to set a client up', async () => {
  const { settings } = await start(
    { models: ['coder'] },
    (base_url) => ({ providers: { box: { base_url } } }),
    { signedIn: false },
  )
  expect(await settings('aider')).toMatch(/AIDER_MODEL=\S*box\/coder/)
})

test('a provider that is down is named, and one that is silent keeps nobody waiting', async () => {
  const port = await freePort()
  const { merged } = await start({ modelsHeldBy: new Promise(() => undefined) }, (base_url) => ({
    providers: { silent: { base_url }, down: { base_url: `http://127.0.0.1:${port}/v1` } },
  }))
  const startedAt = performance.now()
  const config = await merged()
  // Until the silent one is given up it takes 10 seconds.
  expect(performance.now() - startedAt).toBeLessThan(7_000)
  expect(config).toContain('No model list from down right now')
  expect(config).toContain('No model list from silent right now: silent gives no model list in time.')
  expect(config).toContain('"gpt-4.1"')
})
