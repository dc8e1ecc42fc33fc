/**
 * Waits for work that goes on for others, but no longer than `ms`.
 *
 * @throws what the work throws, `late()` when it takes longer, or the signal's reason.
 */
export function waitFor<T>(work: Promise<T>, ms: number, signal: AbortSignal, late: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(late())), ms)
    const abort = () => end(() => reject(signal.reason))
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      settle()
    }
    signal.addEventListener('abort', abort, { once: true })
    work.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    )
  })
}
