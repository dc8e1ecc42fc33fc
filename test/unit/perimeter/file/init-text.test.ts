import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PERIMETER_SCHEMA_FILE, perimeterSchemaText } from '../../../../scripts/perimeter-schema.ts'
import { INIT_TEXT } from '../../../../src/perimeter/file/init-text.ts'
import { parsePerimeter } from '../../../../src/perimeter/file/read-perimeter.ts'

test('the file to begin with is valid as it stands', () => {
  const perimeter = parsePerimeter(INIT_TEXT, 'perimeter.jsonc')
  expect(perimeter.peers).toEqual([])
  expect(perimeter.server.isolation).toMatchObject({ kind: 'vlan', ports: ['lan4'] })
})

test('the schema for editors is that of the program', () => {
  expect(readFileSync(PERIMETER_SCHEMA_FILE, 'utf8')).toBe(perimeterSchemaText())
})
