/** What is no number stays as it was typed, for the schema to object to. */
export function numberValue(text: string): unknown {
  const typed = text.trim()
  if (typed === '') return undefined
  return /^\d{1,9}$/.test(typed) ? Number(typed) : typed
}

export function filled(text: string): string | undefined {
  return text === '' ? undefined : text
}

type WithoutGaps<T> = { [Key in keyof T]: Exclude<T[Key], undefined> }

export function withoutGaps<T extends object>(value: T): WithoutGaps<T> {
  const entries = Object.entries(value).filter(([, part]) => part !== undefined)
  return Object.fromEntries(entries) as WithoutGaps<T>
}

/** Names and numbers that hold no blanks, as people separate them. */
export function listIn(text: string): string[] {
  return text.split(/[\s,;]+/).filter((item) => item !== '')
}
