export type SettingsPath = readonly (string | number)[]

/** Something in the settings that a person has to correct. */
export interface Mistake {
  /** Where it is in the file as it was written. */
  readonly path: SettingsPath
  /** The end of a sentence that begins with the path. */
  readonly text: string
  /** Whether the line to name is that of the key rather than that of the value. */
  readonly atKey?: boolean
}

/** `profiles[0].clients[1].listen`; empty for the whole file. */
export function formatPath(path: SettingsPath): string {
  return path
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`
      return /^[\w$-]+$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`
    })
    .join('')
    .replace(/^\./, '')
}
