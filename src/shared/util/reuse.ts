/**
 * The next value with every part that did not change taken from the previous one, so that whoever compares by
 * identity sees only what is new. Both are plain JSON.
 */
export function reuse<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) return next
  if (Array.isArray(next)) return Array.isArray(previous) ? reuseArray(previous, next) : next
  if (!isRecord(next) || !isRecord(previous)) return next
  const names = Object.keys(next)
  let isSame = names.length === Object.keys(previous).length
  const result: Record<string, unknown> = {}
  for (const name of names) {
    const part = reuse(previous[name], next[name])
    if (part !== previous[name] || !Object.hasOwn(previous, name)) isSame = false
    result[name] = part
  }
  return (isSame ? previous : result) as T
}

function reuseArray<T>(previous: readonly unknown[], next: T & readonly unknown[]): T {
  const result = next.map((item, index) => reuse(previous[index], item))
  const isSame = next.length === previous.length && result.every((item, index) => item === previous[index])
  return (isSame ? previous : result) as T
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
