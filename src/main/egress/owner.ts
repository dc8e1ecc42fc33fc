import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'

const OWNER = /^[\w.-]{1,64}$/

/**
 * The name under which this bridge claims a tunnel server, the same after each restart: a claim that nobody can let go
 * of any more would keep the server running until the claim ends. It is made up when it is first asked for, so that
 * whoever has no such server gets no such file.
 */
export function ownerIn(file: string): () => string {
  let owner: string | undefined
  return () => {
    owner ??= readOwner(file) ?? newOwner(file)
    return owner
  }
}

function readOwner(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return OWNER.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

function newOwner(file: string): string {
  const host = hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 40)
  const owner = `${host}-${randomBytes(4).toString('hex')}`
  try {
    replaceFile(file, `${owner}\n`)
  } catch {
    // Without a place to write, it holds for this run.
  }
  return owner
}

function replaceFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: 0o600, flush: true })
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
