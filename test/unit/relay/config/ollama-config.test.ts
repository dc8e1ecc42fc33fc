import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLogger } from '../../../../src/node/log.ts'
import { ConfigFile } from '../../../../src/relay/config/config-file.ts'
import { resolveOllama } from '../../../../src/relay/config/ollama-settings.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

const URL = 'http://192.168.250.20:11434'

async function open(config: unknown): Promise<ConfigFile> {
  const dir = await makeTempDir('config-')
  const path = join(dir, 'config.json')
  await writeFile(path, JSON.stringify(config), { mode: 0o600 })
  return await ConfigFile.open(path, createLogger('relay', 'silent', { write: () => true }))
}

async function mistakeIn(ollama: unknown): Promise<string> {
  return await open({ ollama }).then(
    () => 'none',
    (error: unknown) => (error as Error).message,
  )
}

test.each<[string, string]>([
  ['192.168.250.20:11434', 'ollama.url: has to be an address such as http://192.168.250.20:11434'],
  ['ftp://host:11434', 'ollama.url: has to be an address such as'],
  ['http://host', 'needs a port: without one it means port 80. Ollama usually has 11434: http://host:11434'],
  ['http://host/ollama', 'needs a port'],
  ['HTTP://[fd00::20]/', 'http://[fd00::20]:11434'],
  ['http://me:secret-word@host:11434', 'must not hold a password'],
  ['http://me@host:11434', 'must not hold a password'],
  ['http://host:11434?x=1', 'must not hold a query or a fragment'],
  ['http://host:11434/v1', 'has to end before /v1 and /api'],
  ['http://host:11434/api/', 'has to end before /v1 and /api'],
])('an address that nobody can mean is refused with the way out: %s', async (url, words) => {
  const said = await mistakeIn({ url })
  expect(said).toContain(words)
  expect(said).not.toContain('secret-word')
})

test.each([
  URL,
  `${URL}/`,
  'http://host:80',
  'http://host:80/ollama',
  'https://ollama.example.org',
  'https://ollama.example.org/ai',
  'http://[fd00::20]:11434',
])('an address that somebody can mean is taken: %s', async (url) => {
  expect(await mistakeIn({ url })).toBe('none')
})

test.each<[object, string]>([
  [{}, 'ollama.url: is missing'],
  [{ url: URL, local_only: 'yes' }, 'ollama.local_only: has to be true or false'],
  [{ url: URL, models: [] }, 'ollama.models: must name one model at least'],
  [{ url: URL, keep_alive: '5 minutes' }, 'ollama.keep_alive: has to be a time such as "10m"'],
  [{ url: URL, keep_alive: true }, 'ollama.keep_alive: has to be a time such as "10m"'],
  [{ url: URL, silence_ms: 10 }, 'ollama.silence_ms: '],
  [{ url: URL, host: 'a b' }, 'ollama.host: has to be a host, such as localhost:11434'],
  [{ url: URL, host: 'a\r\nX-Evil: 1' }, 'ollama.host: has to be a host'],
  [{ url: URL, host: 'localhost:99999' }, 'ollama.host: has a port beyond 65535'],
])('a mistake is named with its place: %j', async (ollama, words) => {
  expect(await mistakeIn(ollama)).toContain(words)
})

test('without an address there is no Ollama', async () => {
  const { config } = await open({})
  expect(resolveOllama(config, {})).toBeUndefined()
})

test('whatever is left out has a careful default', async () => {
  const { config } = await open({ ollama: { url: `${URL}/` } })
  expect(resolveOllama(config, {})).toEqual({
    url: URL,
    localOnly: true,
    models: undefined,
    keepAlive: undefined,
    silenceMs: 600_000,
    contextLength: undefined,
    contextWarning: 64_000,
    host: 'localhost:11434',
  })
})

test('the environment wins over the file, and the rest of the file stays', async () => {
  const old = await open({ upstreams: { ollama: 'http://127.0.0.1:2' } })
  const both = await open({
    upstreams: { ollama: 'http://127.0.0.1:2' },
    ollama: { url: 'http://127.0.0.1:3', local_only: false },
  })
  const empty = await open({})
  const env = { OLLAMA_BASE_URL: ' http://127.0.0.1:4 ' }
  expect(resolveOllama(old.config, {})?.url).toBe('http://127.0.0.1:2')
  expect(resolveOllama(both.config, {})?.url).toBe('http://127.0.0.1:3')
  expect(resolveOllama(both.config, env)).toMatchObject({
    url: 'http://127.0.0.1:4',
    localOnly: false,
  })
  expect(() => resolveOllama(empty.config, { OLLAMA_BASE_URL: 'http://host' })).toThrow(
    'OLLAMA_BASE_URL needs a port',
  )
})

test('behind TLS the name of the address is sent, and whatever is named wherever it is', async () => {
  const hostOf = async (ollama: object) => resolveOllama((await open({ ollama })).config, {})?.host
  expect(await hostOf({ url: 'https://ollama.example.org' })).toBe('ollama.example.org')
  expect(await hostOf({ url: 'http://ollama.lan:11434' })).toBe('localhost:11434')
  expect(await hostOf({ url: 'http://ollama.lan:80', host: 'ollama.lan' })).toBe('ollama.lan')
})
