import { type ParseError, parse } from 'jsonc-parser'
import { readSettings } from '../../../shared/settings/read-settings.ts'
import type { Settings } from '../../../shared/settings/schema.ts'

/** What the text of a settings file says; undefined where it says nothing that can be used. */
export function readText(text: string): Settings | undefined {
  const errors: ParseError[] = []
  try {
    const value: unknown = parse(text, errors, { allowTrailingComma: true })
    if (errors.length > 0) return undefined
    const reading = readSettings(value)
    return reading.kind === 'settings' ? reading.settings : undefined
  } catch {
    // Nested deeper than the stack: nobody's settings. The bridge says so when it is asked.
    return undefined
  }
}
