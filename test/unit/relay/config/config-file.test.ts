import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { createLogger } from '../../../../src/node/log.ts'
import { ConfigFile } from '../../../../src/relay/config/config-file.ts'
import { resolveListen, resolveSettings } from '../../../../src/relay/config/relay-settings.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

let dir = ''
let path = ''
const logged: string[] = []
const log = createLogger('test', 'debug', { write: (line: string) => void logged.push(line) })

beforeEach(async () => {
  dir = await makeTempDir('config-')
  path = join(dir, 'config.json')
  logged.length = 0
})

test('a missing file is made, for this user only', async () => {
  await ConfigFile.open(path, log)
  expect(JSON.parse(await readFile(path, 'utf8'))).toHaveProperty('site_url')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test.each([
  [
    'truncated',
    '{\n  "site_url": "x",\n  "relay": {',
    ' line 3: the file ends in the middle, a } is missing.',
  ],
  ['no JSON', 'hello', ' line 1: this is neither a text'],
  ['empty', ' \n', ' is empty.'],
  ['an array', '[]', 'no JSON object'],
  ['given a wrong port', '{"relay":\n{"port":99999}}', ' line 2: relay.port: has to be 65535 or less.'],
  ['given a text for a number', '{"relay":{"port":"1"}}', 'relay.port: has to be a number.'],
  ['given a wrong choice', '{"copilot":{"identity":"x"}}', 'has to be "own" or "vscode".'],
  ['given half an address', '{"upstreams":{"copilot":"x.com"}}', 'begins with http:// or https://.'],
  ['given no header name', '{"copilot":{"headers":{"x y":"z"}}}', 'copilot.headers["x y"]: no header can'],
  ['given no header value', '{"copilot":{"headers":{"x":"a\\nb"}}}', 'copilot.headers.x: no header can'],
])('a file that is %s stops the start, names the place and is left alone', async (_name, text, place) => {
  await writeFile(path, text)
  await expect(ConfigFile.open(path, log)).rejects.toMatchObject({
    code: 'relay.config-invalid',
    message: expect.stringContaining(place) as string,
  })
  expect(await readFile(path, 'utf8')).toBe(text)
})

test('a file with a credential that others may read is warned of, and one without is not', async () => {
  await writeFile(path, '{"github_oauth_token":"gho_x"}', { mode: 0o644 })
  await ConfigFile.open(path, log)
  expect(logged.join('')).toContain('make it 600 with chmod')
  expect(logged.join('')).not.toContain('gho_x')
  logged.length = 0
  await chmod(path, 0o600)
  await ConfigFile.open(path, log)
  await writeFile(path, '{}')
  await chmod(path, 0o644)
  await ConfigFile.open(path, log)
  expect(logged).toEqual([])
})

test('unknown keys are reported, and kept when the file is written', async () => {
  await writeFile(path, '{"sight_url":"x","relay":{"prot":1},"models":{}}')
  const file = await ConfigFile.open(path, log)
  await file.set({ github_oauth_token: 'gho_x' })
  expect(logged.join('')).toContain('sight_url')
  expect(logged.join('')).toContain('relay.prot')
  expect(logged.join('')).not.toContain('"models"')
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
    sight_url: 'x',
    relay: { prot: 1 },
    models: {},
    github_oauth_token: 'gho_x',
  })
})

test('a file that cannot be saved keeps its changes in memory and says so', async () => {
  await writeFile(path, '{}')
  const file = await ConfigFile.open(path, log)
  // Also root cannot rename a file over a folder that is not empty.
  await rm(path)
  await mkdir(join(path, 'in-the-way'), { recursive: true })
  await file.set({ openrouter_api_key: 'k' })
  expect(file.config.openrouter_api_key).toBe('k')
  expect(file.saveProblem?.code).toBe('relay.config-unwritable')
  await chmod(dir, 0o700)
})

describe('settings', () => {
  test('the environment wins over the file', () => {
    const env = { OPENROUTER_BASE_URL: 'http://127.0.0.1:9/' }
    const { baseUrls } = resolveSettings({ upstreams: { openrouter: 'https://other' } }, env)
    expect(baseUrls.openrouter).toBe('http://127.0.0.1:9')
  })

  test('data residency has API and Copilot under names of its own', () => {
    expect(resolveSettings({}, { GITHUB_BASE_URL: 'https://acme.ghe.com' }).baseUrls).toMatchObject({
      githubApi: 'https://api.acme.ghe.com',
      copilotFallback: 'https://copilot-api.acme.ghe.com',
    })
  })

  test('a base URL that is none is refused', () => {
    expect(() => resolveSettings({}, { GITHUB_BASE_URL: 'github.com' })).toThrow(/GITHUB_BASE_URL/)
  })

  test.each([['abc'], ['-1'], ['65536'], ['80.5']])('RELAY_PORT=%s is refused', (port) => {
    expect(() => resolveListen({}, { RELAY_PORT: port })).toThrow(/RELAY_PORT/)
  })

  test('the port of the environment comes before the one of the file, and 8080 last', () => {
    expect(resolveListen({ relay: { port: 81 } }, { RELAY_PORT: '82' }).port).toBe(82)
    expect(resolveListen({ relay: { port: 81 } }, {}).port).toBe(81)
    expect(resolveListen({}, {})).toEqual({ host: '127.0.0.1', port: 8080 })
  })
})
