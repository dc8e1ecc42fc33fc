import type { SecretKeeper } from '../../src/main/secrets/secret-keeper.ts'
import type { SecretStore } from '../../src/main/secrets/secret-store.ts'

/** Forgets everything when the program ends. */
export function memoryStore(): SecretStore {
  const secrets = new Map<string, string>()
  return {
    get: async (name) => secrets.get(name),
    set: async (name, secret) => {
      secrets.set(name, secret)
    },
    delete: async (name) => {
      secrets.delete(name)
    },
    describe: () => 'in memory, until the program ends',
  }
}

/** Keeps to its memory whatever is chosen. */
export function memoryKeeper(): SecretKeeper {
  const store = memoryStore()
  return {
    state: { kind: 'kept', by: 'keychain', where: store.describe() },
    store: () => store,
    choose: async () => undefined,
  }
}
