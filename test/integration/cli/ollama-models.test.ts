import { expect, onTestFinished, test } from 'vitest'
import { ask } from '../../support/ask.ts'
import { runSovereign, type SovereignProcess } from '../../support/sovereign-process.ts'
import { startOllama } from '../../support/start-ollama.ts'
import { startOllamaRelay } from '../../support/start-ollama-relay.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'
import type { TestRelay } from '../../support/start-relay.ts'
import { waitUntil } from '../../support/start-sshd.ts'

function start({ relay }: TestRelay, args: readonly string[]): SovereignProcess {
  const command = runSovereign(['ollama', ...args, '--socket', relay.adminSocketPath], {})
  onTestFinished(() => void command.stop('SIGKILL'))
  return command
}

async function run(relay: TestRelay, ...args: readonly string[]) {
  const command = start(relay, args)
  const code = await command.finished
  return { code, stdout: command.stdout(), stderr: command.stderr() }
}

test('an Ollama is named, used and forgotten while the relay runs', async () => {
  const ollama = await startOllama()
  const relay = await startOwnRelay({ signedIn: false })
  const chat = async () => {
    const body = { model: 'ollama/qwen3:8b', messages: [{ role: 'user', content: 'hi' }] }
    return (await ask(`${relay.url}/v1/chat/completions`, { body })).status
  }
  expect(await run(relay, 'models')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('sovereign ollama use') as string,
  })
  expect(await run(relay, 'use', 'http://127.0.0.1')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('http://127.0.0.1:11434') as string,
  })
  expect(await run(relay, 'use', ollama.url, '--models', 'qwen3:*')).toMatchObject({ code: 0, stderr: '' })
  expect(await relay.readConfig()).toMatchObject({ ollama: { url: ollama.url, models: ['qwen3:*'] } })
  expect(await chat()).toBe(200)
  expect(await run(relay, 'forget')).toMatchObject({
    code: 0,
    stdout: 'The relay uses no Ollama any more.\n',
  })
  expect(await relay.readConfig()).not.toHaveProperty('ollama')
  expect(await chat()).toBe(401)
}, 60_000)

test('the models are shown with what matters of them', async () => {
  const relay = await startOllamaRelay({ loaded: [{ name: 'qwen3:8b', context_length: 4096 }] })
  const shown = await run(relay, 'models')
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toContain(`Ollama at ${relay.ollama.url}`)
  expect(shown.stdout).toMatch(/^qwen3:8b +4\.9 GiB +8\.2B +Q4_K_M +4096 +loaded$/m)
  expect(shown.stdout).toMatch(/^gpt-oss:120b-cloud .* ollama\.com, refused$/m)
  expect(shown.stdout).toContain('Agents need more context than qwen3:8b has')
  const { models } = JSON.parse((await run(relay, 'models', '--json')).stdout) as { models: object[] }
  expect(models).toMatchObject([
    { name: 'qwen3:8b', contextLength: 4096, maxContextLength: 40_960, isLoaded: true, isOpen: true },
    { name: 'gpt-oss:120b-cloud', isCloud: true, isOpen: false },
  ])
}, 60_000)

test('a model is pulled with its progress, called, and removed', async () => {
  const relay = await startOllamaRelay()
  const chat = async () =>
    (await relay.post('/ollama/api/chat', { model: 'hf.co/x/y:Q4', messages: [] })).status
  expect(await chat()).toBe(404)
  const pulled = await run(relay, 'pull', 'hf.co/x/y:Q4')
  expect(pulled).toMatchObject({
    code: 0,
    stdout: 'hf.co/x/y:Q4 is there. Clients call it as ollama/hf.co/x/y:Q4.\n',
  })
  expect(pulled.stderr.split('\n')).toEqual([
    'pulling manifest',
    'pulling ab12ab12ab12  0 B of 4.9 GiB  0 %',
    'pulling ab12ab12ab12  2.4 GiB of 4.9 GiB  50 %',
    'pulling ab12ab12ab12  4.9 GiB of 4.9 GiB  100 %',
    'verifying sha256 digest',
    'writing manifest',
    'success',
    '',
  ])
  // What was not there a moment ago is not remembered as missing.
  expect(await chat()).toBe(200)
  expect(await run(relay, 'remove', 'hf.co/x/y:Q4')).toMatchObject({
    code: 0,
    stdout: 'hf.co/x/y:Q4 is removed.\n',
  })
  expect(relay.ollama.installed()).not.toContain('hf.co/x/y:Q4')
  expect(await chat()).toBe(404)
  expect(relay.logged()).toContain('a model is pulled')
}, 60_000)

test('Ctrl-C breaks a pull off, in Ollama too', async () => {
  const relay = await startOllamaRelay({ traps: { heldBy: new Promise(() => undefined) } })
  const command = start(relay, ['pull', 'llama3'])
  expect(await waitUntil(() => command.stderr().includes('50 %'), 20_000)).toBe(true)
  command.child.kill('SIGINT')
  expect(await command.finished).toBe(130)
  expect(command.stderr()).toContain('Stopped.')
  const pull = relay.ollama.requests.find(({ path }) => path === '/api/pull')
  expect(await waitUntil(() => pull?.abandonedAt !== undefined, 5_000)).toBe(true)
  expect(relay.ollama.installed()).not.toContain('llama3:latest')
}, 60_000)

test('what goes wrong is said in words', async () => {
  const relay = await startOllamaRelay()
  relay.ollama.set({ pullFailure: 'pull model manifest: file does not exist' })
  expect(await run(relay, 'pull', 'no-such-model')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Ollama says: pull model manifest: file does not exist.') as string,
  })
  expect(await run(relay, 'pull', 'glm-4.6:cloud')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is answered by ollama.com') as string,
  })
  expect(await run(relay, 'remove', 'no-such-model')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('The model "no-such-model" was not found in Ollama.') as string,
  })
  await relay.ollama.close()
  expect(await run(relay, 'pull', 'llama3')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot be reached') as string,
  })
}, 60_000)
