import { expect, test } from 'vitest'
import { parseSettings } from '../../../src/main/settings/settings-text.ts'
import { type JsonSchema, settingsJsonSchema } from '../../../src/shared/settings/json-schema.ts'
import { blocksOf, page } from './pages.ts'

/** All keys that the agent of the first version read. */
const OLD_KEYS = [
  ...['server_ip', 'server_port', 'local_proxy_port', 'cert_file', 'key_file', 'ca_cert_file', 'log_level'],
  ...['secrets_manager_name', 'use_secrets_manager', 'wake_endpoint', 'query_endpoint', 'kill_endpoint'],
  ...['iam_role_arn', 'aws_region'],
]
const { text } = page('docs/tunnel-migrate.md')
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| `') && !line.startsWith('| `agent.yaml`'))
  .map((line) => line.split('|').map((cell) => cell.trim()))

const codeIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

function hasKey(schema: JsonSchema, path: readonly string[]): boolean {
  const [key, ...rest] = path
  if (key === undefined) return true
  const child = schema.properties?.[key]
  if (child !== undefined && hasKey(child, rest)) return true
  return [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].some((part) => hasKey(part, path))
}

test('every key of the first agent has a line that says what becomes of it', () => {
  expect(rows.flatMap(([, old]) => codeIn(old)).sort()).toEqual([...OLD_KEYS].sort())
})

test('what it becomes is a key of the settings', () => {
  const all = settingsJsonSchema()
  const profile = all.properties?.profiles?.items
  const control = 'egress.mtls.control'
  const named = rows.flatMap(([, , now = '']) => {
    const keys = codeIn(now)
    return keys.includes(control) ? keys.map((key) => (key === control ? key : `${control}.${key}`)) : keys
  })
  expect(named.length).toBeGreaterThan(10)
  const isKnown = (key: string) =>
    [all, profile].some((schema) => schema !== undefined && hasKey(schema, key.split('.')))
  expect(named.filter((key) => !isKnown(key))).toEqual([])
})

test('the settings that are shown can be used, and hold what the table names', () => {
  const [block = ''] = blocksOf(text, /^json$/)
  expect(() => parseSettings(block, 'settings.json')).not.toThrow()
  for (const key of ['listen', 'cert', 'key', 'ca', 'wake', 'query', 'kill', 'region', 'awsProfile', 'level'])
    expect(block).toContain(`"${key}":`)
})
