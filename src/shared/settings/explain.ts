import type { z } from 'zod'
import type { JsonSchema } from './json-schema.ts'
import { SHORT_KEYS } from './migrate.ts'
import type { Mistake, SettingsPath } from './mistake.ts'
import { nearMiss } from './near-miss.ts'

type Issue = z.core.$ZodIssue

/** What the schema found, in words for the person who wrote the file. One mistake for each value. */
export function explainIssues(issues: readonly Issue[], value: unknown, schema: JsonSchema): Mistake[] {
  const mistakes = issues.flatMap((issue) => explain(issue, [], value, schema))
  const seen = new Set<string>()
  return mistakes.filter(({ path }) => {
    const key = JSON.stringify(path)
    return !seen.has(key) && seen.add(key)
  })
}

function explain(issue: Issue, base: SettingsPath, value: unknown, schema: JsonSchema): Mistake[] {
  const path = [...base, ...(issue.path as SettingsPath)]
  if (issue.code === 'unrecognized_keys') return unknownKeys(path, issue.keys, schema)
  if (issue.code === 'invalid_union') return explainUnion(issue, path, value, schema)
  if (valueAt(value, path) === undefined) return [{ path, text: 'is missing' }]
  return [{ path, text: textOf(issue) }]
}

function textOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `has to be ${TYPE_WORDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `has to be ${issue.values.map((allowed) => JSON.stringify(allowed)).join(' or ')}`
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty'
      return issue.origin === 'array' ? issue.message : `has to be ${issue.minimum} or more`
    case 'too_big':
      return `has to be ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''} or less`
    default:
      return issue.message
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text in quotes',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
  array: 'a list: [ … ]',
  object: 'an object: { … }',
  record: 'an object: { … }',
}

/** Speaks of the form that was meant, if its keys tell which one that is; otherwise of the choice. */
function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: SettingsPath,
  value: unknown,
  schema: JsonSchema,
): Mistake[] {
  const found = valueAt(value, path)
  if (found === undefined) return [{ path, text: `is missing: ${issue.message}` }]
  const meant = formMeant(issue, found)
  if (meant !== undefined) return meant.flatMap((inner) => explain(inner, path, value, schema))
  const known = keysAt(schema, path)
  const strange = isObject(found) ? Object.keys(found).filter((key) => !known.includes(key)) : []
  return strange.length > 0 ? unknownKeys(path, strange, schema) : [{ path, text: issue.message }]
}

function formMeant(issue: z.core.$ZodIssueInvalidUnion, found: unknown): readonly Issue[] | undefined {
  const forms = issue.errors
    // A text where an object belongs, or the reverse.
    .filter((form) => !form.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
    .map((form) => ({ form, strangeKeys: countStrangeKeys(form) }))
    .sort((a, b) => a.strangeKeys - b.strangeKeys)
  const [best, second] = forms
  const isClear = best !== undefined && best.strangeKeys < (second?.strangeKeys ?? Number.POSITIVE_INFINITY)
  const hasOwnKey = isObject(found) && best !== undefined && best.strangeKeys < Object.keys(found).length
  return isClear && (hasOwnKey || forms.length === 1) ? best.form : undefined
}

function countStrangeKeys(form: readonly Issue[]): number {
  return form.reduce((sum, issue) => {
    return sum + (issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys.length : 0)
  }, 0)
}

function unknownKeys(path: SettingsPath, keys: readonly string[], schema: JsonSchema): Mistake[] {
  const known = keysAt(schema, path)
  return keys.map((key) => ({ path: [...path, key], text: unknownKeyText(path, key, known), atKey: true }))
}

function unknownKeyText(path: SettingsPath, key: string, known: readonly string[]): string {
  if (path.length === 0 && known.includes('profiles') && SHORT_KEYS.some((short) => short === key))
    return 'belongs inside a profile when there is "profiles" or "version": move it there'
  // A key that another form of this object has is no spelling mistake.
  const guess = nearMiss(
    key,
    known.filter((name) => name !== key),
  )
  if (guess !== undefined) return `unknown key; did you mean ${JSON.stringify(guess)}?`
  return `unknown key; known here: ${known.filter((name) => name !== '$schema').join(', ') || 'none'}`
}

/** Every key that may stand in the object at this path, whichever form it has. */
function keysAt(schema: JsonSchema, path: SettingsPath): string[] {
  let here: readonly JsonSchema[] = [schema]
  for (const part of path) {
    here = forms(here).flatMap((form) => {
      const next = typeof part === 'number' ? form.items : form.properties?.[part]
      return next === undefined ? [] : [next]
    })
  }
  return [...new Set(forms(here).flatMap((form) => Object.keys(form.properties ?? {})))]
}

function forms(schemas: readonly JsonSchema[]): JsonSchema[] {
  return schemas.flatMap((schema) => [schema, ...forms([...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])])
}

function valueAt(value: unknown, path: SettingsPath): unknown {
  return path.reduce<unknown>((here, part) => {
    return typeof here === 'object' && here !== null
      ? (here as Record<string | number, unknown>)[part]
      : undefined
  }, value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
