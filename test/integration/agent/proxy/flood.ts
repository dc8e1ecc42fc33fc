import type { Writable } from 'node:stream'
import { waitUntil } from '../../../support/start-sshd.ts'

export const GIB = 2 ** 30
const BLOCK = Buffer.alloc(64 * 1024, 'x')

/** Writes as fast as it is let until `total`, then ends. @returns how much it has written so far. */
export function flood(to: Writable, total = GIB): () => number {
  let written = 0
  const more = (): void => {
    while (written < total && !to.destroyed) {
      written += BLOCK.length
      if (!to.write(BLOCK)) return
    }
    if (!to.writableEnded) to.end()
  }
  to.on('drain', more).on('error', () => undefined)
  more()
  return () => written
}

/** The number that stays the same for a while; the last one where none does. */
export async function atRest(value: () => number): Promise<number> {
  let last = -1
  let same = 0
  await waitUntil(() => {
    same = value() === last && last > 0 ? same + 1 : 0
    last = value()
    return same >= 25
  }, 15_000)
  return last
}
