import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { infoFilePath, readInfoFile } from '../../../src/main/api/info-file.ts'
import { ask, CHAT, open, STREAMED_CHAT } from '../../support/ask.ts'
import { runSovereign } from '../../support/sovereign-process.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'
import { accepts, isAlive, waitUntil } from '../../support/start-sshd.ts'

let chain: Chain
let url: string

beforeEach(async () => {
  chain = await startChain({ copilot: { respond: () => ({ text: 'word '.repeat(80), chunkDelayMs: 25 }) } })
  await chain.connected()
  url = `${chain.client('vm').url}/v1/chat/completions`
})

afterEach(() => chain?.close())

test('SIGTERM lets a running stream finish, takes no new one and leaves nothing', async () => {
  const stream = await open(url, { body: STREAMED_CHAT })
  await stream.events(8)
  const exit = chain.bridge().stop('SIGTERM')
  await chain.bridgeState(({ wanted }) => wanted === 'disconnected', 'the bridge to drain')
  expect(await waitUntil(async () => !(await accepts('127.0.0.1', chain.client('vm').port)), 1_500)).toBe(
    true,
  )
  expect(stream.text()).not.toContain('[DONE]')

  expect(await stream.ended).toBe('complete')
  expect(stream.text()).toMatch(/data: \[DONE\]\n\n$/)
  expect(await exit).toBe(0)
  expect(await accepts('127.0.0.1', chain.agentPort)).toBe(false)
  expect(chain.bridge().stderr()).toBe('')
})

test('SIGKILL leaves no listener, no session and nothing that keeps the next bridge from starting', async () => {
  const stream = await open(url, { body: STREAMED_CHAT })
  await stream.events(8)
  const asked = chain.copilot.requests.at(-1)
  expect(await chain.bridge().stop('SIGKILL')).toBe('SIGKILL')

  expect(await stream.ended).toBe('broken')
  expect(await waitUntil(async () => !(await accepts('127.0.0.1', chain.client('vm').port)), 5_000)).toBe(
    true,
  )
  expect(await waitUntil(async () => (await chain.client('vm').sshd.sessionPids()).length === 0, 5_000)).toBe(
    true,
  )
  expect(await waitUntil(async () => (await chain.relayHost.sessionPids()).length === 0, 5_000)).toBe(true)
  expect(await waitUntil(() => asked?.abandonedAt !== undefined, 5_000)).toBe(true)
  expect(await accepts('127.0.0.1', chain.agentPort)).toBe(false)

  await chain.startBridge()
  await chain.connected()
  expect(await ask(url, { body: CHAT })).toMatchObject({ status: 200 })
})

test('SIGKILL while a client stands still costs the next bridge no port: it knows whose session holds it', async () => {
  const { sshd } = chain.client('vm')
  const sessionsFile = join(chain.bridgeEnv.SOVEREIGN_RUNTIME_DIR ?? '', 'sessions.json')
  const remembered = async (): Promise<boolean> =>
    existsSync(sessionsFile) && (await readFile(sessionsFile, 'utf8')).includes('"pid"')
  expect(await waitUntil(remembered, 5_000)).toBe(true)
  for (const pid of await sshd.sessionPids()) process.kill(pid, 'SIGSTOP')
  await chain.bridge().stop('SIGKILL')

  await chain.startBridge()
  await chain.connected()
  const phases = chain.states().map(({ clients }) => clients[0]?.listener)
  expect(phases).toContainEqual(
    expect.objectContaining({
      phase: 'opening',
      cause: expect.objectContaining({ code: 'ssh.remote-port-held-by-old-session' }),
    }),
  )
  expect(phases).not.toContainEqual(expect.objectContaining({ phase: 'failed' }))
  expect(await ask(url, { body: CHAT })).toMatchObject({ status: 200 })
})

test('SIGKILL of the launcher that an older Node needs ends the bridge behind it, in order', async () => {
  await chain.bridge().stop()
  const disguise = join(chain.dir, 'older-node.cjs')
  await writeFile(
    disguise,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })`,
  )
  const entry = fileURLToPath(new URL('../../../bin/sovereign.js', import.meta.url))
  const args = ['bridge', '--config', chain.settingsFile, '--ssh-config', chain.sshConfigFile, '--json']
  const launcher = runSovereign(args, chain.bridgeEnv, [process.execPath, '-r', disguise, entry])
  onTestFinished(async () => void (await launcher.stop('SIGKILL')))
  await launcher.line((line) => (line.includes('"kind":"proven"') ? true : undefined), 'a proven path')
  const pid = await bridgePid()
  expect(pid).not.toBe(launcher.pid)

  await launcher.stop('SIGKILL')
  expect(await waitUntil(() => !isAlive(pid), 8_000)).toBe(true)
  expect(await accepts('127.0.0.1', chain.client('vm').port)).toBe(false)
  expect(existsSync(infoFile())).toBe(false)
})

/** Where the bridge says how faces find it. */
function infoFile(): string {
  return infoFilePath(chain.bridgeEnv.SOVEREIGN_RUNTIME_DIR ?? '')
}

/** As the bridge itself says where faces find it. */
async function bridgePid(): Promise<number> {
  const info = await readInfoFile(infoFile())
  if (info === undefined) throw new Error('The bridge has not said where it is.')
  return info.pid
}
