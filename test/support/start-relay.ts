import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ambient, REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger } from '../../src/node/log.ts'
import type { Relay } from '../../src/relay/relay.ts'
import { startRunningRelay } from '../../src/relay/server/running-relay.ts'
import { type FakeCopilot, type FakeCopilotOptions, startFakeCopilot } from './upstreams/fake-copilot.ts'
import { type FakeGithub, type FakeGithubOptions, startFakeGithub } from './upstreams/fake-github.ts'
import { type FakeOpenrouter, startFakeOpenrouter } from './upstreams/fake-openrouter.ts'

export const OPENROUTER_KEY = 'sk-or-v1-0123456789abcdef0123456789abcdef'

export interface TestRelayOptions {
  /** Merged over a signed-in configuration; `signedIn: false` leaves the credentials out. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly signedIn?: boolean
  readonly identity?: 'own' | 'vscode'
  readonly github?: FakeGithubOptions
  readonly copilot?: FakeCopilotOptions
  readonly env?: Readonly<Record<string, string>>
  readonly ambient?: Ambient
}

export interface TestRelay {
  readonly relay: Relay
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly port: number
  readonly dir: string
  readonly configPath: string
  readonly github: FakeGithub
  readonly copilot: FakeCopilot
  readonly openrouter: FakeOpenrouter
  /** Everything that was logged, at the most talkative level. */
  logged(): string
  readConfig(): Promise<unknown>
  close(): Promise<void>
}

/** A relay on a free port before stand-ins of all its upstreams. */
export async function startTestRelay(options: TestRelayOptions = {}): Promise<TestRelay> {
  const tokens = new Set<string>()
  const copilot = await startFakeCopilot({ isTokenValid: (token) => tokens.has(token), ...options.copilot })
  const github = await startFakeGithub({ copilotApiUrl: copilot.url, ...options.github })
  const openrouter = await startFakeOpenrouter({ apiKey: OPENROUTER_KEY })
  tokens.has = (token) => github.copilotTokens.has(token) || github.isUserToken(token)
  const dir = await mkdtemp(join(tmpdir(), 'relay-'))
  const configPath = join(dir, 'config.json')
  const credentials =
    options.signedIn === false
      ? {}
      : { github_oauth_token: github.oauthToken, openrouter_api_key: OPENROUTER_KEY }
  const copilotConfig = { identity: options.identity ?? 'vscode' }
  await writeFile(configPath, JSON.stringify({ ...credentials, copilot: copilotConfig, ...options.config }))
  const lines: string[] = []
  const relay = await startRunningRelay(
    {
      configPath,
      dataDir: join(dir, 'data'),
      listen: { host: '127.0.0.1', port: 0 },
      env: {
        GITHUB_BASE_URL: github.url,
        GITHUB_API_BASE_URL: github.url,
        OPENROUTER_BASE_URL: openrouter.url,
        ...options.env,
      },
    },
    {
      ambient: options.ambient ?? REAL_AMBIENT,
      log: createLogger('relay', 'debug', { write: (line: string) => void lines.push(line) }),
    },
  )
  const port = relay.address?.port ?? 0
  return {
    ...{ relay, port, dir, configPath, github, copilot, openrouter },
    url: `http://127.0.0.1:${port}`,
    logged: () => lines.join(''),
    readConfig: async () => JSON.parse(await readFile(configPath, 'utf8')) as unknown,
    close: async () => {
      await relay.close(0)
      await Promise.all([copilot.close(), github.close(), openrouter.close()])
      await rm(dir, { recursive: true, force: true })
    },
  }
}
