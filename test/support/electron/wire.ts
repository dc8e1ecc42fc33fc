/**
 * Values as text, with everything that the structured clone algorithm keeps: undefined, dates, maps, cycles.
 * Both functions are also run inside of pages, as their own source: they may name nothing outside of themselves.
 */

/** Each entry is `[kind, …]`; members are named by their place in the list, which is what allows cycles. */
export type Wire = (readonly unknown[])[]

/** Takes over what only one side knows how to carry, such as functions; undefined leaves it to {@link encode}. */
export type Carry = (value: unknown) => readonly unknown[] | undefined

/** @throws Error as Electron does for what cannot be cloned. */
export function encode(root: unknown, carry?: Carry): Wire {
  const wire: (readonly unknown[])[] = []
  const places = new Map<unknown, number>()
  function add(value: unknown, depth: number): number {
    const known = places.get(value)
    if (known !== undefined) return known
    if (depth > 1000) throw new Error('Nested objects deeper than 1000 are not supported.')
    const place = wire.push([]) - 1
    if (typeof value === 'object' && value !== null) places.set(value, place)
    wire[place] = carry?.(value) ?? entry(value, (member) => add(member, depth + 1))
    return place
  }
  function entry(value: unknown, member: (value: unknown) => number): readonly unknown[] {
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new Error('An object could not be cloned.')
    if (typeof value === 'number') return ['number', String(Object.is(value, -0) ? '-0' : value)]
    if (typeof value === 'bigint') return ['bigint', String(value)]
    if (typeof value !== 'object') return [typeof value, value]
    if (value === null) return ['null']
    if (Array.isArray(value)) return ['array', value.map(member)]
    if (value instanceof Date) return ['date', String(value.getTime())]
    if (value instanceof Map) return ['map', [...value].map(([key, held]) => [member(key), member(held)])]
    if (value instanceof Set) return ['set', [...value].map(member)]
    if (value instanceof Error) return ['error', value.message]
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteOffset, byteLength } = value
      return ['bytes', [...new Uint8Array(buffer, byteOffset, byteLength)]]
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet)
      throw new Error('An object could not be cloned.')
    return ['object', Object.entries(value).map(([key, held]) => [key, member(held)])]
  }
  add(root, 0)
  return wire
}

export function decode(wire: Wire, uncarry?: (entry: readonly unknown[]) => unknown): unknown {
  const made = new Map<number, unknown>()
  function keep<Made>(place: number, value: Made): Made {
    made.set(place, value)
    return value
  }
  function read(place: number): unknown {
    if (made.has(place)) return made.get(place)
    const [kind, held] = wire[place] as [string, never]
    switch (kind) {
      case 'undefined':
      case 'null':
        return kind === 'null' ? null : undefined
      case 'number':
        return Number(held)
      case 'bigint':
        return BigInt(held)
      case 'string':
      case 'boolean':
        return held
      case 'date':
        return keep(place, new Date(Number(held)))
      case 'error':
        return keep(place, new Error(held))
      case 'bytes':
        return keep(place, Uint8Array.from(held))
      case 'array': {
        const array = keep<unknown[]>(place, [])
        for (const member of held as number[]) array.push(read(member))
        return array
      }
      case 'map': {
        const map = keep(place, new Map())
        for (const [key, value] of held as [number, number][]) map.set(read(key), read(value))
        return map
      }
      case 'set': {
        const set = keep(place, new Set())
        for (const member of held as number[]) set.add(read(member))
        return set
      }
      case 'object': {
        const object = keep<Record<string, unknown>>(place, {})
        // By definition, because an assignment to a key called __proto__ makes no key.
        for (const [key, value] of held as [string, number][])
          Object.defineProperty(object, key, {
            value: read(value),
            writable: true,
            enumerable: true,
            configurable: true,
          })
        return object
      }
      default:
        return keep(place, uncarry?.(wire[place] ?? []))
    }
  }
  return read(0)
}

/** What reaches the other process: a copy, as Electron makes it, or its error. */
export function clone<Value>(value: Value): Value {
  try {
    return structuredClone(value)
  } catch {
    throw new Error('An object could not be cloned.')
  }
}
