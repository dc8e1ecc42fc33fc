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
