import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { perimeterJsonSchema } from '../src/perimeter/file/json-schema.ts'

/** Writes docs/perimeter.schema.json, or with --check says whether it is up to date. */
export const PERIMETER_SCHEMA_FILE = fileURLToPath(new URL('../docs/perimeter.schema.json', import.meta.url))

export function perimeterSchemaText(): string {
  return `${JSON.stringify(perimeterJsonSchema(), null, 2)}\n`
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) writeFileSync(PERIMETER_SCHEMA_FILE, perimeterSchemaText())
  else if (readFileSync(PERIMETER_SCHEMA_FILE, 'utf8') !== perimeterSchemaText()) {
    console.error('docs/perimeter.schema.json is out of date: run node scripts/perimeter-schema.ts')
    process.exitCode = 1
  }
}
