export interface Duplicate<T> {
  readonly index: number
  readonly item: T
  readonly firstItem: T
}

/** Every item whose key another one had before it. */
export function duplicates<T>(items: readonly T[], keyOf: (item: T) => string): Duplicate<T>[] {
  const seen = new Map<string, T>()
  return items.flatMap((item, index) => {
    const firstItem = seen.get(keyOf(item))
    if (firstItem !== undefined) return [{ index, item, firstItem }]
    seen.set(keyOf(item), item)
    return []
  })
}
