import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answer, ask, CHAT, STREAMED_CHAT } from '../../support/ask.ts'
import { bytesInMemory } from '../../support/process-memory.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'
import { waitUntil } from '../../support/start-sshd.ts'

const HAS_PROC = process.platform === 'linux'

let chain: Chain
/** Every answer that a client machine got. */
const answers: Answer[] = []
/** Every credential there is, by name. */
let credentials: ReadonlyMap<string, string>

/** Talkative logs, and a day with good and bad requests, a sign-in and a refusal that repeats the credential. */
beforeAll(async () => {
  chain = await startChain({
    relayEnv: { LOG_LEVEL: 'debug' },
    bridgeArgs: ['--verbose'],
    github: { intervalSeconds: 1 },
  })
  await chain.connected()
  const api = await chain.api()
  const { url } = chain.client('vm')
  const say = async (path: string, body?: unknown): Promise<void> =>
    void answers.push(await ask(`${url}${path}`, body === undefined ? {} : { body }))

  for (const path of ['/v1/models', '/health', '/stats', '/metrics', '/auth/status', '/setup'])
    await say(path)
  await say('/v1/chat/completions', STREAMED_CHAT)
  await say('/api/v1/chat/completions', { ...CHAT, model: 'deepseek/deepseek-v3.2' })
  const [copilotToken = ''] = chain.github.copilotTokens
  credentials = new Map([
    ['GitHub token', chain.github.oauthToken],
    ['Copilot token', copilotToken],
    ['OpenRouter key', chain.openrouterKey],
  ])
  for (const credential of credentials.values()) {
    chain.copilot.script({ status: 403, body: `forbidden: ${credential} may not do this` })
    await say('/v1/chat/completions', CHAT)
    chain.openrouter.script({ status: 502, body: { error: { message: `Bad key ${credential}.` } } })
    await say('/api/v1/chat/completions', { ...CHAT, model: 'deepseek/deepseek-v3.2' })
  }
  await api.relaySignInStatus({})
  await api.relayUsage({})
  const flow = await api.startSignIn({})
  chain.github.answerDevice('approved')
  const isDone = async (): Promise<boolean> =>
    (await api.pollSignIn({ flowId: flow.flow_id })).status === 'success'
  if (!(await waitUntil(isDone, 10_000, 200))) throw new Error('The sign-in did not end.')
  await say('/v1/chat/completions', STREAMED_CHAT)
  await chain.client('vm').sshd.restart()
  await chain.connected()
})

afterAll(() => chain?.close())

/** Names of the credentials that stand in a text. */
function found(text: string | Buffer): string[] {
  return [...credentials].filter(([, credential]) => text.includes(credential)).map(([name]) => name)
}

/** A file on its way to its place may have got there in the meantime, and is read there. */
async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

test('the only file with a credential is the configuration of the relay, which nobody else may read', async () => {
  expect(credentials.get('Copilot token')).toMatch(/^tid=/)
  const folders = [chain.dir, chain.client('vm').sshd.dir, chain.relayHost.dir]
  const holders = new Map<string, string[]>()
  let searched = 0
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const content = await readIfThere(path)
      if (content === undefined) continue
      const names = found(content)
      searched++
      if (names.length > 0) holders.set(path, names)
    }
  }
  const config = join(chain.dir, 'relay/config.json')
  expect(Object.fromEntries(holders)).toEqual({ [config]: ['GitHub token', 'OpenRouter key'] })
  expect((await stat(config)).mode & 0o777).toBe(0o600)
  expect(searched).toBeGreaterThan(10)
})

test('no log says one, not even at its most talkative', () => {
  const logs = {
    bridge: chain.bridge().stdout() + chain.bridge().stderr(),
    relay: chain.relay().stdout() + chain.relay().stderr(),
    hosts: chain.client('vm').sshd.log() + chain.relayHost.log(),
  }
  for (const [name, log] of Object.entries(logs))
    expect([name, log.length > 500, found(log)]).toEqual([name, true, []])
})

test('no answer to a client machine holds one, not even a refusal that repeats it', () => {
  for (const { headers, text } of answers) expect(found(JSON.stringify(headers) + text)).toEqual([])
  expect(answers.filter(({ text }) => text.includes('may not do this')).length).toBe(3)
  expect(answers.filter(({ text }) => text.includes('Bad key')).length).toBe(3)
})

test.runIf(HAS_PROC)(
  'no process on this computer has one in its command line or its environment',
  async () => {
    const leaks: string[] = []
    let searched = 0
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      for (const name of ['cmdline', 'environ']) {
        // Processes come and go, and those of other users keep theirs to themselves.
        const text = await readFile(`/proc/${pid}/${name}`).catch(() => Buffer.alloc(0))
        if (text.length > 0) searched++
        if (found(text).length > 0) leaks.push(`${pid}/${name}: ${found(text).join(', ')}`)
      }
    }
    expect(leaks).toEqual([])
    expect(searched).toBeGreaterThan(10)
  },
)

test.runIf(HAS_PROC)('the memory of the bridge has never held one; that of the relay has', async () => {
  const names = [...credentials.keys()]
  const values = [...credentials.values()]
  const seen = await bytesInMemory(chain.relay().pid, values)
  expect(names.filter((_, index) => seen[index])).toContain('GitHub token')
  expect(await bytesInMemory(chain.bridge().pid, values)).toEqual(values.map(() => false))
})
