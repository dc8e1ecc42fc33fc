import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../shared/errors/app-error.ts'
import { isObject, JsoncDocument } from './jsonc-document.ts'
import { isMadeHere, type OpenCodePart, type OpenCodeProvider, OUR_PROVIDERS } from './opencode-config.ts'

export interface MergeResult {
  readonly text: string
  /** One line per change, for a person to read; empty when there is nothing to change. Holds no secret. */
  readonly changes: readonly string[]
}

export type OurProvider = (typeof OUR_PROVIDERS)[number]

/** Providers of the user that have the name of one of ours. */
export function foreignProviders(source: string): OurProvider[] {
  const document = new JsoncDocument(source)
  return OUR_PROVIDERS.filter((id) => {
    const value = document.get(['provider', id])
    return value !== undefined && !isMadeHere(id, value)
  })
}

/** Puts our part into an OpenCode configuration. Everything else stays as it is, comments included. */
export function mergeOpenCode(source: string, part: OpenCodePart, chooseModel: boolean): MergeResult {
  const document = new JsoncDocument(source)
  const changes: string[] = []
  requireObject(document, ['provider'])
  if (source.trim() === '') {
    document.set(['$schema'], 'https://opencode.ai/config.json')
    changes.push('+ a new file')
  }
  for (const id of OUR_PROVIDERS) {
    const wanted = part.providers[id]
    if (wanted !== undefined) mergeProvider(document, id, wanted, changes)
  }
  for (const key of ['model', 'small_model'] as const) mergeDefault(document, key, part, chooseModel, changes)
  verify(document, part)
  return { text: document.toString(), changes }
}

function mergeProvider(
  document: JsoncDocument,
  id: string,
  wanted: OpenCodeProvider,
  changes: string[],
): void {
  const path = ['provider', id]
  const count = Object.keys(wanted.models).length
  if (document.get(path) === undefined) {
    document.set(path, wanted)
    changes.push(`+ provider.${id} with ${count} ${count === 1 ? 'model' : 'models'}`)
    return
  }
  for (const at of [path, [...path, 'options'], [...path, 'models']]) requireObject(document, at)
  const assign = (key: string[], value: unknown, { shown }: { shown: boolean }) => {
    const full = [...path, ...key]
    const before = document.get(full)
    if (isDeepStrictEqual(before, value)) return
    document.set(full, value)
    const name = full.join('.')
    if (!shown) changes.push(`~ ${name}`)
    else changes.push(before === undefined ? `+ ${name}: ${value}` : `~ ${name}: ${before} -> ${value}`)
  }
  assign(['npm'], wanted.npm, { shown: true })
  assign(['options', 'baseURL'], wanted.options.baseURL, { shown: true })
  assign(['options', 'apiKey'], wanted.options.apiKey, { shown: false })
  for (const key of ['timeout', 'chunkTimeout'] as const) {
    const isOwnChoice = document.get([...path, 'options', key]) !== undefined
    if (!isOwnChoice) assign(['options', key], wanted.options[key], { shown: true })
  }
  if (count > 0) mergeModels(document, id, wanted.models, changes)
}

/** What somebody may well have set to their taste. */
const OWN_CHOICES: ReadonlySet<string> = new Set(['name', 'options'])

/** Brings the list up to date; what somebody added to a model, such as variants, stays. */
function mergeModels(
  document: JsoncDocument,
  id: string,
  wanted: OpenCodeProvider['models'],
  changes: string[],
): void {
  const path = ['provider', id, 'models']
  const present = document.get(path)
  for (const gone of Object.keys(isObject(present) ? present : {}).filter(
    (name) => !Object.hasOwn(wanted, name),
  )) {
    document.remove([...path, gone])
    changes.push(`- model ${id}/${gone}: no longer offered`)
  }
  for (const [name, model] of Object.entries(wanted)) {
    const before = document.get([...path, name])
    if (!isObject(before)) {
      document.set([...path, name], model)
      changes.push(`+ model ${id}/${name}`)
      continue
    }
    const outdated = Object.entries({ provider: undefined, ...model }).filter(
      ([key, value]) =>
        !isDeepStrictEqual(before[key], value) && !(OWN_CHOICES.has(key) && Object.hasOwn(before, key)),
    )
    for (const [key, value] of outdated) {
      if (value === undefined) document.remove([...path, name, key])
      else document.set([...path, name, key], value)
    }
    if (outdated.length > 0) changes.push(`~ model ${id}/${name}: ${outdated.map(([key]) => key).join(', ')}`)
  }
}

/** A default that points elsewhere is the user's; one of ours is kept for as long as its model is offered. */
function mergeDefault(
  document: JsoncDocument,
  key: 'model' | 'small_model',
  part: OpenCodePart,
  chooseModel: boolean,
  changes: string[],
): void {
  const wanted = part[key]
  const before = document.get([key])
  if (wanted === undefined || before === wanted) return
  if (before !== undefined && !isModelOf(OUR_PROVIDERS, before)) return
  if (before !== undefined && !chooseModel && isConfigured(document, String(before))) return
  document.set([key], wanted)
  changes.push(before === undefined ? `+ ${key}: ${wanted}` : `~ ${key}: ${String(before)} -> ${wanted}`)
}

/** Whether a default model is one of these providers. */
export function isModelOf(providers: readonly OurProvider[], reference: unknown): boolean {
  return typeof reference === 'string' && providers.some((id) => reference.startsWith(`${id}/`))
}

function isConfigured(document: JsoncDocument, reference: string): boolean {
  const slash = reference.indexOf('/')
  return (
    document.get(['provider', reference.slice(0, slash), 'models', reference.slice(slash + 1)]) !== undefined
  )
}

function requireObject(document: JsoncDocument, path: string[]): void {
  const value = document.get(path)
  if (value !== undefined && !isObject(value))
    throw new AppError('setup.config-invalid', `"${path.join('.')}" is no JSON object.`)
}

/** Nothing is handed out that a client would read differently, whatever the editing made of an odd file. */
function verify(document: JsoncDocument, part: OpenCodePart): void {
  for (const id of OUR_PROVIDERS) {
    const wanted = part.providers[id]
    if (wanted === undefined) continue
    const isThere =
      document.get(['provider', id, 'options', 'baseURL']) === wanted.options.baseURL &&
      Object.keys(wanted.models).every(
        (name) => document.get(['provider', id, 'models', name, 'limit']) !== undefined,
      )
    if (!isThere)
      throw new AppError(
        'setup.config-invalid',
        'The file cannot be edited safely; does it name "provider" twice?',
      )
  }
}
