/**
 * The three functions of the Metadata proposal (https://rbuckton.github.io/reflect-metadata/) that tsyringe asks for,
 * which @peculiar/x509 is built with; it throws while it loads where they are missing. Has to be imported before it.
 */
interface Metadata {
  getMetadata?: (key: unknown, target: object) => unknown
  getOwnMetadata?: (key: unknown, target: object) => unknown
  defineMetadata?: (key: unknown, value: unknown, target: object) => void
}

const kept = new WeakMap<object, Map<unknown, unknown>>()
const reflect = Reflect as Metadata

// Whoever brought a whole one before keeps it.
if (reflect.getMetadata === undefined) {
  reflect.getOwnMetadata = (key, target) => kept.get(target)?.get(key)
  reflect.getMetadata = (key, target) => {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null)
      if (kept.get(at)?.has(key) === true) return kept.get(at)?.get(key)
    return undefined
  }
  reflect.defineMetadata = (key, value, target) => {
    const own = kept.get(target) ?? new Map<unknown, unknown>()
    kept.set(target, own.set(key, value))
  }
}

export {}
