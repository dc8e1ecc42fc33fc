import { readFile, stat } from 'node:fs/promises'
import type { Logger } from '../../../node/log.ts'
import type { SecretStore } from '../../secrets/secret-store.ts'
import type { PromptBroker } from '../link.ts'
import { openLockedKey } from './open-locked-key.ts'
import { type ParsedPrivateKey, type PrivateKey, parsePrivateKey } from './private-key.ts'

export interface KeyRingOptions {
  readonly prompts: PromptBroker
  /** Where passphrases may be kept right now; undefined when nowhere. */
  readonly secrets: () => SecretStore | undefined
  readonly log: Logger
}

export type UnlockedKey = Exclude<ParsedPrivateKey, { kind: 'locked' }>

const MAX_PASSPHRASE_ATTEMPTS = 3

/**
 * Opens private key files, asking for passphrases where needed. A key once opened stays open in memory as long
 * as its file does not change: a connection that comes back at night must not wait for somebody to type.
 */
export class KeyRing {
  private readonly options: KeyRingOptions
  private readonly open = new Map<string, { readonly version: string; readonly key: PrivateKey }>()
  private readonly opening = new Map<string, Promise<UnlockedKey>>()

  constructor(options: KeyRingOptions) {
    this.options = options
  }

  /** Rejects with `prompt.cancelled`. Several connections that need the same file share one question. */
  async unlock(path: string, signal: AbortSignal): Promise<UnlockedKey> {
    try {
      return await this.unlockOnce(path, signal)
    } catch (error) {
      // The file went away or was locked since it was looked at.
      const code = error instanceof Error && 'code' in error && 'syscall' in error ? error.code : undefined
      if (code === undefined) throw error
      return { kind: 'unusable', reason: `it cannot be read (${code})` }
    }
  }

  private async unlockOnce(path: string, signal: AbortSignal): Promise<UnlockedKey> {
    for (;;) {
      const version = await versionOf(path)
      const open = this.open.get(path)
      if (open?.version === version) return { kind: 'key', key: open.key }
      const other = this.opening.get(path)
      if (other === undefined) return this.unlockNow(path, version, signal)
      const result = await other.catch(() => undefined)
      signal.throwIfAborted()
      if (result !== undefined) return result
    }
  }

  private unlockNow(path: string, version: string, signal: AbortSignal): Promise<UnlockedKey> {
    const work = this.unlockFile(path, signal)
      .then((result) => {
        if (result.kind === 'key') this.open.set(path, { version, key: result.key })
        return result
      })
      .finally(() => this.opening.delete(path))
    this.opening.set(path, work)
    return work
  }

  private async unlockFile(path: string, signal: AbortSignal): Promise<UnlockedKey> {
    const text = await readFile(path, 'utf8')
    const parsed = parsePrivateKey(text)
    if (parsed.kind !== 'locked') return parsed
    return (await this.unlockWithStored(path, text)) ?? this.unlockByAsking(path, text, signal)
  }

  private async unlockWithStored(path: string, text: string): Promise<UnlockedKey | undefined> {
    const stored = await this.withSecrets((secrets) => secrets.get(secretName(path)))
    if (stored === undefined) return undefined
    const parsed = await openLockedKey(text, stored)
    if (parsed.kind === 'key') return parsed
    // Outdated: the passphrase was changed since.
    await this.withSecrets((secrets) => secrets.delete(secretName(path)))
    return undefined
  }

  private async unlockByAsking(path: string, text: string, signal: AbortSignal): Promise<UnlockedKey> {
    const { prompts, secrets } = this.options
    for (let attempt = 1; attempt <= MAX_PASSPHRASE_ATTEMPTS; attempt++) {
      const keptIn = secrets()?.describe()
      const remembering = keptIn === undefined ? { canRemember: false } : { canRemember: true, keptIn }
      const answer = await prompts.ask({ kind: 'passphrase', keyFile: path, attempt, ...remembering }, signal)
      if (answer.kind !== 'passphrase') break
      const parsed = await openLockedKey(text, answer.passphrase)
      if (parsed.kind === 'locked' || parsed.kind === 'wrong-passphrase') continue
      if (parsed.kind === 'key' && answer.remember) {
        await this.withSecrets((store) => store.set(secretName(path), answer.passphrase))
      }
      return parsed
    }
    return { kind: 'wrong-passphrase' }
  }

  /** A keychain that fails costs a question, not the connection. */
  private async withSecrets<T>(use: (secrets: SecretStore) => Promise<T>): Promise<T | undefined> {
    const secrets = this.options.secrets()
    if (secrets === undefined) return undefined
    try {
      return await use(secrets)
    } catch (error) {
      this.options.log.warn({ err: error }, 'the place for passphrases could not be used')
      return undefined
    }
  }
}

function secretName(path: string): string {
  return `ssh-passphrase:${path}`
}

async function versionOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path)
  return `${ino}:${size}:${mtimeMs}`
}
