import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { runSovereign } from '../../support/sovereign-process.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'
import type { TestRelay } from '../../support/start-relay.ts'
import {
  BOX_MODEL,
  type FakeOpenaiCompatible,
  type FakeOpenaiCompatibleOptions,
  startFakeOpenaiCompatible,
} from '../../support/upstreams/fake-openai-compatible.ts'

const KEY = 'box-key-that-has-no-form-to-know-it-by'

async function start(
  options: FakeOpenaiCompatibleOptions = {},
  config: Readonly<Record<string, unknown>> = {},
) {
  const box = await startFakeOpenaiCompatible(options)
  onTestFinished(() => box.close())
  const relay = await startOwnRelay({ signedIn: false, config })
  return { box, relay }
}

interface Ended {
  readonly code: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

async function providers(relay: TestRelay, args: readonly string[], stdin = ''): Promise<Ended> {
  const whole = ['relay', 'providers', ...args, '--socket', relay.relay.adminSocketPath]
  const command = runSovereign(whole, {}, undefined, stdin)
  onTestFinished(() => void command.stop('SIGKILL'))
  const code = await command.finished
  return { code, stdout: command.stdout(), stderr: command.stderr() }
}

async function chat(relay: TestRelay, model: string): Promise<Response> {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] })
  return await fetch(`${relay.url}/v1/chat/completions`, { method: 'POST', body })
}

function requests(box: FakeOpenaiCompatible): number {
  return box.asked().length
}

test('a provider is added, tried, used and removed while the relay runs', async () => {
  const { box, relay } = await start({ apiKey: KEY })
  const added = await providers(relay, ['add', 'gpubox', box.baseUrl, '--key'], `${KEY}\n`)
  expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('gpubox/MODEL') as string })

  const tried = await providers(relay, ['test', 'gpubox'])
  expect(tried).toMatchObject({ code: 0, stderr: '' })
  expect(tried.stdout).toMatch(
    /^Asking gpubox for its models …\n {2}1 model: \S+ after \d+ ms\nAsking \S+ for one word …\n {2}answered after \d+ ms\n/,
  )
  expect(tried.stdout).toContain(`gpubox works. Clients call this model as gpubox/${BOX_MODEL}.`)
  expect(requests(box)).toBe(1)

  expect((await chat(relay, `gpubox/${BOX_MODEL}`)).status).toBe(200)
  expect(await relay.readConfig()).toMatchObject({
    providers: { gpubox: { base_url: box.baseUrl, api_key: KEY } },
  })

  const removed = await providers(relay, ['remove', 'gpubox'])
  expect(removed).toMatchObject({ code: 0, stdout: 'gpubox is not used any more.\n' })
  expect(await relay.readConfig()).not.toHaveProperty('providers.gpubox')
  expect((await chat(relay, `gpubox/${BOX_MODEL}`)).status).toBe(401)
  expect(requests(box)).toBe(2)
  const shown = [added, tried, removed].map(({ stdout, stderr }) => stdout + stderr)
  expect([...shown, relay.logged()].join('')).not.toContain(KEY)
}, 60_000)

test('the list names address and source of the key, never the key', async () => {
  const { relay } = await start()
  await providers(relay, ['add', 'lab', 'http://127.0.0.1:9/v1', '--key'], `${KEY}\n`)
  await providers(relay, ['add', 'plain', 'http://127.0.0.1:9/v1', '--models', 'one', 'two'])
  const list = await providers(relay, ['list'])
  expect(list.stdout).toMatch(/^lab +http:\/\/127\.0\.0\.1:9\/v1 +config\.json +chat.* asked +ready$/m)
  expect(list.stdout).toMatch(/^plain +http:\/\/127\.0\.0\.1:9\/v1 +none +chat.* 2 +ready$/m)
  expect(list.stdout).toContain('Models without a prefix go to copilot.')
  const json = await providers(relay, ['list', '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({
    providers: [{ name: 'lab', key: 'config.json' }, { models: ['one', 'two'] }],
  })
  expect(list.stdout + json.stdout).not.toContain(KEY)
}, 60_000)

test('a key in a file is read when it is there, and missed until then', async () => {
  const { box, relay } = await start({ apiKey: KEY })
  const dir = await makeTempDir('key-')
  const path = join(dir, 'key')
  const added = await providers(relay, ['add', 'gpubox', box.baseUrl, '--key-file', path])
  expect(added.stdout).toContain(`Not usable yet: The relay has no key for gpubox (file ${path}`)
  expect(await providers(relay, ['test', 'gpubox'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ENOENT') as string,
  })
  await writeFile(path, `${KEY}\n`, { mode: 0o600 })
  expect(await providers(relay, ['test', 'gpubox'])).toMatchObject({ code: 0 })
}, 60_000)

test.each([
  ['a name that is taken', ['add', 'copilot', 'http://127.0.0.1:9/v1'], /name: the name is taken/],
  ['an address with a password', ['add', 'x', 'http://u:secret@127.0.0.1/v1'], /must not hold a password/],
  [
    'an unknown wire',
    ['add', 'x', 'http://127.0.0.1:9/v1', '--wires', 'telex'],
    /wires\[0\]: has to be "chat"/,
  ],
  ['a provider that is not there', ['test', 'x'], /There is no provider "x"/],
])('%s is refused in words, and nothing is set', async (_what, args, words) => {
  const { relay } = await start()
  const refused = await providers(relay, args)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(words) as string })
  expect(refused.stderr).not.toContain('secret')
  expect(await relay.readConfig()).not.toHaveProperty('providers')
})

test('what a provider says is harmless for the terminal', async () => {
  const { box, relay } = await start({ models: ['m\u001b[2Jx'] })
  await providers(relay, ['add', 'gpubox', box.baseUrl])
  const tried = await providers(relay, ['test', 'gpubox'])
  expect(tried.stdout).toContain('1 model: m\uFFFD[2Jx')
  box.script({ status: 400, body: { error: { message: 'No.\u001b]0;title\u0007' } } })
  const refused = await providers(relay, ['test', 'gpubox'])
  expect(refused.stderr).toContain('It says: No.\uFFFD]0;title')
  expect([tried, refused].map(({ stdout, stderr }) => stdout + stderr).join('')).not.toContain('\u001b')
}, 60_000)

test('a provider with headers of its own is not replaced by one without', async () => {
  const headers = { 'X-Tenant': 'a-tenant-of-nobody' }
  const { box, relay } = await start(
    {},
    { providers: { lab: { base_url: 'http://127.0.0.1:9/v1', headers } } },
  )
  const refused = await providers(relay, ['add', 'lab', box.baseUrl])
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('lab has headers of its own: X-Tenant.') as string,
  })
  expect(refused.stderr).not.toContain('a-tenant-of-nobody')
  expect(await relay.readConfig()).toMatchObject({ providers: { lab: { headers } } })
})

test('without a running relay the command says so', async () => {
  const command = runSovereign(['relay', 'providers', 'list', '--socket', '/nowhere/admin.sock'], {})
  onTestFinished(() => void command.stop('SIGKILL'))
  expect(await command.finished).toBe(1)
  expect(command.stderr()).toContain('/nowhere/admin.sock')
})

test('a test that fails says what the provider said', async () => {
  const { box, relay } = await start({ apiKey: KEY })
  await providers(relay, ['add', 'gpubox', box.baseUrl, '--key'], 'another-key-than-it-wants\n')
  expect(await providers(relay, ['test', 'gpubox'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/status 401.*\n.*providers add gpubox URL --key/) as string,
  })
  await providers(relay, ['add', 'gpubox', box.baseUrl, '--key'], `${KEY}\n`)
  const missing = await providers(relay, ['test', 'gpubox', '--model', 'not-loaded'])
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/gpubox answered with status 404\. It says: .*not-loaded/) as string,
  })
  await box.close()
  expect(await providers(relay, ['test', 'gpubox'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/ECONNREFUSED.*\nCheck that gpubox runs/) as string,
  })
}, 60_000)
