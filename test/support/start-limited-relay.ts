import { onTestFinished } from 'vitest'
import { adminRequest } from '../../src/node/admin-client.ts'
import { createLogger } from '../../src/node/log.ts'
import type { Relay } from '../../src/relay/relay.ts'
import { startRunningRelay } from '../../src/relay/server/running-relay.ts'
import { newTokenSchema } from '../../src/shared/protocol/clients.ts'
import { limitsOverviewSchema } from '../../src/shared/protocol/limits.ts'
import { detailsSchema, summarySchema } from '../../src/shared/protocol/usage.ts'
import { ask, CHAT, open, STREAMED_CHAT } from './ask.ts'
import { fakeAmbient } from './fake-ambient.ts'
import { startOwnRelay } from './start-own-relay.ts'
import type { TestRelayOptions } from './start-relay.ts'

/** A relay that can be stopped and started again over the same folder, with clients that have tokens. */
export async function startLimitedRelay(limits: unknown, more: TestRelayOptions = {}) {
  const ambient = fakeAmbient()
  const test = await startOwnRelay({ ambient, ...more, config: { limits, ...more.config } })
  let { relay, url } = test
  const lines: string[] = []
  const restart = async (): Promise<void> => {
    await relay.close(0)
    relay = await startRunningRelay(
      {
        configPath: test.configPath,
        dataDir: `${test.dir}/data`,
        listen: { host: '127.0.0.1', port: 0 },
        env: {
          GITHUB_BASE_URL: test.github.url,
          GITHUB_API_BASE_URL: test.github.url,
          OPENROUTER_BASE_URL: test.openrouter.url,
        },
      },
      { ambient, log: createLogger('relay', 'debug', { write: (line: string) => void lines.push(line) }) },
    )
    const again: Relay = relay
    onTestFinished(() => again.close(0))
    url = `http://127.0.0.1:${relay.address?.port ?? 0}`
  }
  const admin = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) =>
    (await adminRequest(relay.adminSocketPath, method, path, body)).body
  const addClient = async (name: string) => {
    const { token } = newTokenSchema.parse(await admin('POST', '/admin/clients', { name }))
    const headers = { authorization: `Bearer ${token}` }
    return {
      headers,
      chat: () => ask(`${url}/v1/chat/completions`, { body: CHAT, headers }),
      buy: () => ask(`${url}/api/v1/chat/completions`, { body: { ...CHAT, model: 'a/b' }, headers }),
      say: (path: string, body: unknown) => ask(url + path, { body, headers }),
      stream: () => open(`${url}/v1/chat/completions`, { body: STREAMED_CHAT, headers }),
      stats: async () => summarySchema.parse(JSON.parse((await ask(`${url}/stats`, { headers })).text)),
    }
  }
  const warnings = (): string[] =>
    [...test.logged().split('\n'), ...lines]
      .filter((line) => line.includes('"limitName"'))
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
  const details = async () => detailsSchema.parse(await admin('GET', '/stats'))
  const overview = async () => limitsOverviewSchema.parse(await admin('GET', '/admin/limits'))
  return { ...test, ambient, restart, admin, addClient, warnings, details, overview, url: () => url }
}
