import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { writeFileAtomic } from '../../node/atomic-file.ts'

const OWNER = /^[\w.-]{1,64}$/

/**
 * The name under which this bridge claims a tunnel server, the same after each restart: a claim that nobody can let go
 * of any more would keep the server running until the claim ends.
 */
export async function readOwner(file: string): Promise<string> {
  const known = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
  if (OWNER.test(known)) return known
  const host = hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 40)
  const owner = `${host}-${randomBytes(4).toString('hex')}`
  // Without a place to write, it holds for this run.
  await writeFileAtomic(file, `${owner}\n`).catch(() => undefined)
  return owner
}
