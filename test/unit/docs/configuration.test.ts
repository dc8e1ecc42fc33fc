import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseSettings } from '../../../src/main/settings/settings-text.ts'
import { configSchema } from '../../../src/relay/config/config-schema.ts'
import { type JsonSchema, settingsJsonSchema } from '../../../src/shared/settings/json-schema.ts'
import { allPages, blocksOf, codeOf, page, ROOT } from './pages.ts'

const PROGRAMS = globSync('src/**/*.{ts,sh}', { cwd: ROOT, exclude: ['**/node_modules'] }).map((path) =>
  readFileSync(join(ROOT, path), 'utf8'),
)

/** Programs too, each on one line. */
const HEALTH_CHECKS = globSync('docker/*.Dockerfile', { cwd: ROOT }).flatMap(
  (path) => readFileSync(join(ROOT, path), 'utf8').match(/(?<=^HEALTHCHECK .*\n).*/gm) ?? [],
)

const SOURCES = [...PROGRAMS, ...HEALTH_CHECKS]

/** The page for developers tells what the tests read as well. */
const TEST_SOURCES = globSync('test/{support,contract}/**/*.ts', {
  cwd: ROOT,
  exclude: ['**/node_modules'],
}).map((path) => readFileSync(join(ROOT, path), 'utf8'))

/** Of other programs, set by the client kit or told to the user. */
const NOT_OURS = /^(?:ANTHROPIC|OPENAI|AIDER|COPILOT_PROVIDER|OPENCODE_DISABLE)_/

/** Names in capitals, also `$NAME` and `%NAME%`, that look like environment variables. */
function variablesIn(text: string): string[] {
  return codeOf(text)
    .flatMap((code) => code.match(/(?<![\w-])\$?%?[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? [])
    .map((name) => name.replace(/^[$%]+/, ''))
    .filter((name) => !NOT_OURS.test(name))
}

test.each(allPages())('every environment variable in $path is read somewhere', ({ path, text }) => {
  const sources = path === 'docs/development.md' ? [...SOURCES, ...TEST_SOURCES] : SOURCES
  const isRead = (name: string) => sources.some((source) => new RegExp(`\\b${name}\\b`).test(source))
  expect(variablesIn(text).filter((name) => !isRead(name))).toEqual([])
})

test('every environment variable that the relay reads is in its page', () => {
  const relay = globSync(['src/relay/**/*.ts', 'src/node/relay-paths.ts'], { cwd: ROOT }).map((path) =>
    readFileSync(join(ROOT, path), 'utf8'),
  )
  const read = relay.flatMap((source) =>
    [...source.matchAll(/\benv\.([A-Z][A-Z_]+)\b|\bpick\('([A-Z_]+)'/g)].map(
      ([, one, other]) => one ?? other ?? '',
    ),
  )
  const documented = codeOf(page('docs/relay.md').text).join(' ')
  const missing = new Set(read.filter((name) => !documented.includes(name)))
  expect([...missing]).toEqual([])
})

/** `relay.limits.heartbeat_ms` and the like. */
function keysOf(schema: z.ZodType, prefix = ''): string[] {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema
  if (!(inner instanceof z.ZodObject)) return [prefix]
  const shape: Readonly<Record<string, z.ZodType>> = inner.shape
  return Object.entries(shape).flatMap(([key, child]) =>
    keysOf(child, prefix === '' ? key : `${prefix}.${key}`),
  )
}

test('every key of config.json is in the page of the relay, and no other', () => {
  const documented = codeOf(page('docs/relay.md').text)
  const keys = keysOf(configSchema)
  expect(keys.filter((key) => !documented.includes(key))).toEqual([])
  const named = documented.filter((code) => /^(?:relay|copilot|upstreams)\.[\w.]+$/.test(code))
  expect(named.filter((key) => !keys.includes(key))).toEqual([])
})

function settingsKeys(schema: JsonSchema): string[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])]
  const own = Object.entries(schema.properties ?? {})
  return [
    ...own.flatMap(([key, child]) => [key, ...settingsKeys(child)]),
    ...inner.flatMap((part) => settingsKeys(part)),
  ]
}

test('every key of the settings file is in the page of the bridge or of the tunnel', () => {
  const documented = ['docs/bridge.md', 'docs/tunnel.md'].flatMap((path) => codeOf(page(path).text)).join(' ')
  const keys = new Set(settingsKeys(settingsJsonSchema()))
  expect(keys.size).toBeGreaterThan(10)
  expect([...keys].filter((key) => !documented.includes(key))).toEqual([])
})

test('every settings file that is shown can be used', () => {
  const shown = ['README.md', 'docs/bridge.md', 'docs/tunnel.md'].flatMap((path) =>
    blocksOf(page(path).text, /^jsonc?$/),
  )
  const settings = shown.filter((block) => !block.includes('"event"'))
  expect(settings.length).toBeGreaterThanOrEqual(3)
  for (const block of settings) expect(() => parseSettings(block, 'settings.json')).not.toThrow()
})
