import { isObject, JsoncDocument } from './jsonc-document.ts'
import { OUR_PROVIDERS } from './opencode-config.ts'
import { foreignProviders, isModelOf, type MergeResult } from './opencode-merge.ts'

export interface Restoration extends MergeResult {
  /** Whether something of the user has come back in the place of ours. */
  readonly hasPutBack: boolean
  /** What is left in the file for a reason; one line each. */
  readonly notes: readonly string[]
}

/**
 * Takes our part out of an OpenCode configuration. What stood in its place in `before`, the file as it was without
 * us, comes back in its own words. Where `before` is not known, only what was plainly made here is taken out.
 */
export function removeFromOpenCode(source: string, before?: string): Restoration {
  const document = new JsoncDocument(source)
  const original = new JsoncDocument(before ?? '')
  const foreign = before === undefined ? foreignProviders(source) : []
  const ours = OUR_PROVIDERS.filter((id) => !foreign.includes(id))
  const defaults = ['model', 'small_model'].filter((key) => isModelOf(ours, document.get([key])))
  const changes = [
    ...ours.map((id) => restore(document, original, ['provider', id], `provider.${id}`)),
    ...defaults.map((key) => restore(document, original, [key], `${key}: ${String(document.get([key]))}`)),
  ].filter((line) => line !== undefined)
  const providers = document.get(['provider'])
  const isLeftOver = isObject(providers) && Object.keys(providers).length === 0
  if (changes.length > 0 && isLeftOver && original.get(['provider']) === undefined)
    document.remove(['provider'])
  return {
    text: changes.length === 0 ? source : document.toString(),
    changes,
    hasPutBack: changes.some((line) => line.startsWith('~')),
    notes: foreign.map((id) => `! provider.${id} stays: it is not from this script, as far as can be told.`),
  }
}

/** Whether anything is left in a file that we had created. */
export function holdsNothing(source: string): boolean {
  return Object.keys(new JsoncDocument(source).root).every((key) => key === '$schema')
}

/** @returns a line for a person where something changed. */
function restore(
  document: JsoncDocument,
  original: JsoncDocument,
  path: string[],
  name: string,
): string | undefined {
  const text = original.textOf(path)
  if (text === document.textOf(path)) return undefined
  if (text === undefined) {
    document.remove(path)
    return `- ${name}`
  }
  document.setText(path, text)
  return `~ ${path.join('.')}: as it was before`
}
