/** Our relay for bench/relay.ts in a process of its own: `{copilot, github, token, dir}` as JSON argument. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startRelay } from '../../src/relay/relay.ts'
import { saveMemory } from '../../src/relay/save-memory.ts'

interface Plan {
  readonly github: string
  readonly token: string
  readonly dir: string
}

const { github, token, dir }: Plan = JSON.parse(process.argv[2] ?? '')
const configPath = join(dir, 'config.json')
await writeFile(configPath, JSON.stringify({ github_oauth_token: token, copilot: { identity: 'vscode' } }))
// As `sovereign relay` does.
saveMemory()
const relay = await startRelay({
  configPath,
  dataDir: join(dir, 'data'),
  listen: { host: '127.0.0.1', port: 0 },
  env: { GITHUB_BASE_URL: github, GITHUB_API_BASE_URL: github, LOG_LEVEL: 'warn' },
})
console.log(relay.address?.port)
