import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { page, ROOT } from './pages.ts'

interface Schema {
  readonly default?: unknown
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
}

interface Key {
  readonly path: string
  /** Undefined where there is none. */
  readonly default: unknown
  readonly isNeeded: boolean
}

/** Every key that holds a value; those of alternatives are beside each other. */
function keysOf({ items, oneOf = [], properties = {}, required = [] }: Schema, prefix = ''): Key[] {
  return [
    ...Object.entries(properties).flatMap(([name, schema]): Key[] => {
      const path = `${prefix}${name}`
      const below = keysOf(schema, `${path}${schema.items?.properties === undefined ? '.' : '[].'}`)
      return below.length > 0 ? below : [{ path, default: schema.default, isNeeded: required.includes(name) }]
    }),
    ...oneOf.flatMap((schema) => keysOf(schema, prefix)),
    ...(items?.properties === undefined ? [] : keysOf(items, prefix)),
  ]
}

const SCHEMA: Schema = JSON.parse(readFileSync(join(ROOT, 'docs/perimeter.schema.json'), 'utf8'))
const KEYS = keysOf(SCHEMA)
const [, TABLE = ''] = page('docs/perimeter.md').text.split('## Every key of the file\n')
const ROWS = new Map(
  [...(TABLE.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` \| (.*?) \| .+ \|$/gm)].map(
    ([, path = '', said = '']) => [path, said],
  ),
)

/** How the page says a default, as far as it is one; anything else where there is none. */
function saidOf({ default: value, isNeeded }: Key, said: string): string {
  if (isNeeded) return 'needed'
  if (value === undefined) return said.startsWith('needed') ? 'not needed' : said
  if (Array.isArray(value) && value.length === 0) return 'none'
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

test('the page of the perimeter has every key of its file, and no other', () => {
  expect([...ROWS.keys()].sort()).toEqual([...new Set(KEYS.map(({ path }) => path))].sort())
})

test.each(KEYS)('the page says of $path what it is unless told', (key) => {
  const said = ROWS.get(key.path) ?? ''
  const isAlternative = key.isNeeded && key.path.startsWith('server.isolation.')
  expect(isAlternative ? said.replace(/ with `\w+`$/, '') : said).toBe(saidOf(key, said))
})
