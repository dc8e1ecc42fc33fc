import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLogger } from '../../../../src/node/log.ts'
import { ConfigFile } from '../../../../src/relay/config/config-file.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

async function open(providers: unknown, mode = 0o600) {
  const dir = await makeTempDir('config-')
  const path = join(dir, 'config.json')
  const text = typeof providers === 'string' ? providers : JSON.stringify({ providers })
  await writeFile(path, text, { mode })
  const lines: string[] = []
  const log = createLogger('relay', 'debug', { write: (line: string) => void lines.push(line) })
  const opened = await ConfigFile.open(path, log).catch((error: unknown) => error as Error)
  return { opened, path, logged: lines.join('') }
}

const BOX = { base_url: 'http://gpu.lan:8000/v1' }
const KEY = 'a-key-of-nobody-1234567890'

test.each<[unknown, string]>([
  [{ Box: BOX }, 'providers.Box: a name is up to 31 small letters, digits and dashes'],
  [{ ollama: BOX }, 'providers.ollama: the name is taken by an upstream that the relay knows already'],
  [{ box: {} }, 'providers.box.base_url: is missing'],
  [{ box: { base_url: 'gpu.lan' } }, 'providers.box.base_url: has to be an address that begins with http'],
  [{ box: { base_url: `http://me:${KEY}@gpu.lan` } }, 'must not hold a password: use api_key or headers'],
  [{ box: { base_url: 'http://gpu.lan/v1?x=1' } }, 'must not hold a query or a fragment'],
  [{ box: { ...BOX, api_key: `${KEY} ` } }, 'providers.box.api_key: is no key'],
  [{ box: { ...BOX, api_key: 1_234_567 } }, 'providers.box.api_key: has to be a text in quotes'],
  [
    { box: { ...BOX, api_key: KEY, api_key_env: 'KEY' } },
    'takes one of api_key, api_key_env and api_key_file',
  ],
  [{ box: { ...BOX, api_key_file: 'key.txt' } }, 'has to be a whole path, from the root on'],
  [{ box: { ...BOX, wires: ['chta'] } }, 'providers.box.wires[0]: has to be "chat" or "responses" or'],
  [{ box: { ...BOX, wires: [] } }, 'providers.box.wires: must name one wire at least'],
  [{ box: { ...BOX, models: [] } }, 'providers.box.models: must name one model at least'],
  [{ box: { ...BOX, headers: { 'a b': 'x' } } }, 'no header can have this name'],
  [{ box: { ...BOX, headers: { 'x-a': 'x\ny' } } }, 'no header can have this value'],
  [{ box: { ...BOX, headers: { 'Content-Length': '5' } } }, 'this header is for the relay alone to set'],
  [[], 'providers: has to be an object: { … }'],
])('a mistake is named with its place, and without the key: %j', async (providers, words) => {
  const { opened, logged } = await open(providers)
  expect((opened as Error).message).toContain(words)
  expect((opened as Error).message).toMatch(/config\.json line 1: /)
  expect(`${(opened as Error).message}${logged}`).not.toContain(KEY)
})

test('names that objects have by themselves are names like any other, or are pointed out', async () => {
  const { opened, logged } = await open(
    `{"providers":{"constructor":${JSON.stringify(BOX)},"__proto__":${JSON.stringify(BOX)}}}`,
  )
  expect(Object.keys((opened as ConfigFile).config.providers ?? {})).toEqual(['constructor'])
  expect(logged).toContain('providers.__proto__')
})

test('a key of a provider that means nothing is pointed out', async () => {
  const { logged } = await open({ box: { ...BOX, modles: ['a'] } })
  expect(logged).toContain('providers.box.modles')
})

test.runIf(process.platform !== 'win32')(
  'others who can read the key of a provider are pointed out',
  async () => {
    expect((await open({ box: { ...BOX, api_key: KEY } }, 0o644)).logged).toContain('chmod')
    expect((await open({ box: BOX }, 0o644)).logged).not.toContain('chmod')
  },
)
