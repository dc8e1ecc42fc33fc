import { z } from 'zod'
import { SHORT_KEYS } from './migrate.ts'
import { settingsSchema } from './schema.ts'

export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly [keyword: string]: unknown
}

/** The settings file as JSON Schema draft 7 (what editors understand), with the short form of a single profile. */
export function settingsJsonSchema(): JsonSchema {
  const full = z.toJSONSchema(settingsSchema, { io: 'input', target: 'draft-7' }) as JsonSchema
  const profile = full.properties?.profiles?.items?.properties ?? {}
  const short = Object.fromEntries(SHORT_KEYS.map((key) => [key, profile[key] ?? {}]))
  const { $schema, properties, ...rest } = full
  return {
    $schema,
    title: 'Settings of Sovereign Bridge',
    description: `Either "profiles", or ${SHORT_KEYS.map((key) => `"${key}"`).join(', ')} of a single one at the top.`,
    ...rest,
    properties: {
      ...properties,
      version: { ...properties?.version, const: undefined, enum: [0, 1], default: undefined },
      ...short,
    },
    if: {
      anyOf: [{ required: ['profiles'] }, { required: ['version'], properties: { version: { const: 1 } } }],
    },
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema.
    then: { properties: Object.fromEntries(SHORT_KEYS.map((key) => [key, false])) },
  }
}
