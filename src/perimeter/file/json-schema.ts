import { z } from 'zod'
import type { JsonSchema } from '../../shared/settings/json-schema.ts'
import { perimeterSchema } from './schema.ts'

/** The perimeter file as JSON Schema draft 7 (what editors understand). */
export function perimeterJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(perimeterSchema, { io: 'input', target: 'draft-7' }) as JsonSchema
  const { $schema, ...rest } = schema
  return { $schema, title: 'Perimeter of Sovereign Bridge', ...rest }
}
