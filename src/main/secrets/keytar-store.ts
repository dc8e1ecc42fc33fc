import { AppError } from '../../shared/errors/app-error.ts'
import type { SecretPlace, SecretStore } from './secret-store.ts'

export interface KeytarStoreOptions {
  /** Under this name the keychain groups our secrets. */
  readonly service?: string
}

const SERVICE = 'Sovereign Bridge'
/** A Secret Service that has to be started, or whose owner is asked to unlock it, needs a while. */
const PROBE_TIMEOUT_MS = 10_000

const PLACES: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'in the macOS Keychain',
  win32: 'in the Windows Credential Manager',
}

type Keytar = typeof import('keytar')

/** Opens the keychain of the system; loads its native module only now, so that a machine without one can run everything else. */
export async function keytarStore({ service = SERVICE }: KeytarStoreOptions = {}): Promise<SecretPlace> {
  try {
    const keytar = await loadKeytar()
    await withTimeout(keytar.getPassword(service, 'probe'))
    return { kind: 'available', store: storeOf(keytar, service) }
  } catch (error) {
    return { kind: 'unavailable', reason: reasonOf(error) }
  }
}

/** The module is CommonJS: depending on the loader its functions stand under `default`. */
async function loadKeytar(): Promise<Keytar> {
  const module: Keytar & { readonly default?: Keytar } = await import('keytar')
  return module.default ?? module
}

function storeOf(keytar: Keytar, service: string): SecretStore {
  return {
    get: async (name) => (await orUnavailable(keytar.getPassword(service, name))) ?? undefined,
    set: (name, secret) => orUnavailable(keytar.setPassword(service, name, secret)),
    delete: async (name) => {
      await orUnavailable(keytar.deletePassword(service, name))
    },
    describe: () => PLACES[process.platform] ?? 'in the keyring of this desktop (Secret Service)',
  }
}

async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new AppError('secrets.unavailable', `The keychain refused: ${reasonOf(error)}.`, { cause: error })
  }
}

async function withTimeout(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it does not answer')), PROBE_TIMEOUT_MS)
  })
  try {
    await Promise.race([work, expired])
  } finally {
    clearTimeout(timer)
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (text.split('\n')[0] ?? '').replace(/\.$/, '')
}
