import { adminRequest } from '../../src/node/admin-client.ts'
import { type RecentRequest, recentRequestsSchema } from '../../src/shared/protocol/recent-requests.ts'
import { type Answer, ask } from './ask.ts'
import { startOllama } from './start-ollama.ts'
import { startOwnRelay } from './start-own-relay.ts'
import type { TestRelay, TestRelayOptions } from './start-relay.ts'
import type { FakeOllama, FakeOllamaOptions } from './upstreams/fake-ollama.ts'

export interface OllamaRelay extends TestRelay {
  readonly ollama: FakeOllama
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** The newest first. */
  counted(): Promise<readonly RecentRequest[]>
}

/** A relay before an Ollama; both end with the test. @param config of `ollama`, beside its address. */
export async function startOllamaRelay(
  fake: FakeOllamaOptions = {},
  config: Readonly<Record<string, unknown>> = {},
  options: TestRelayOptions = {},
): Promise<OllamaRelay> {
  const ollama = await startOllama(fake)
  const relay = await startOwnRelay({
    ...options,
    config: { ollama: { url: ollama.url, ...config }, ...options.config },
  })
  return {
    ...relay,
    ollama,
    post: (path, body, headers = {}) => ask(`${relay.url}${path}`, { body, headers }),
    counted: async () => {
      const { body } = await adminRequest(relay.relay.adminSocketPath, 'GET', '/stats/requests')
      return recentRequestsSchema.parse(body).requests
    },
  }
}
