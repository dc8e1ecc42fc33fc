/** All addresses of a name, in the order in which they should be tried. After the signal nobody wants them any more. */
export type Lookup = (
  name: string,
  signal?: AbortSignal,
) => Promise<readonly { address: string; family: number }[]>

/** More than the system works on at once: Node has four threads for it, and other work is done there too. */
const AT_ONCE = 16

/**
 * Looks names up in turns. One that has begun cannot be called off, and goes on although nobody wants its answer any
 * more; one that still waits for its turn is dropped then. So whoever asks and gives up again and again keeps no more
 * than so many under way.
 */
export function inTurns(lookup: Lookup, atOnce = AT_ONCE): Lookup {
  const waiting = new Set<() => void>()
  let running = 0
  const next = (): void => {
    const [first] = waiting
    if (first === undefined || running >= atOnce) return
    waiting.delete(first)
    first()
  }
  const run = async (name: string): ReturnType<Lookup> => {
    running += 1
    try {
      return await lookup(name)
    } finally {
      running -= 1
      next()
    }
  }
  return (name, signal) => {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (running < atOnce) return run(name)
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', onAbort)
        run(name).then(resolve, reject)
      }
      const onAbort = (): void => {
        waiting.delete(begin)
        reject(signal?.reason)
      }
      waiting.add(begin)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}
