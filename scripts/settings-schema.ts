import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { settingsJsonSchema } from '../src/shared/settings/json-schema.ts'

/** Writes docs/settings.schema.json, or with --check says whether it is up to date. */
export const SCHEMA_FILE = fileURLToPath(new URL('../docs/settings.schema.json', import.meta.url))

export function schemaText(): string {
  return `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) writeFileSync(SCHEMA_FILE, schemaText())
  else if (readFileSync(SCHEMA_FILE, 'utf8') !== schemaText()) {
    console.error('docs/settings.schema.json is out of date: run node scripts/settings-schema.ts')
    process.exitCode = 1
  }
}
