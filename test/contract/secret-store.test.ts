import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keytarStore } from '../../src/main/secrets/keytar-store.ts'
import type { SecretStore } from '../../src/main/secrets/secret-store.ts'
import { memoryStore } from '../support/memory-store.ts'
import { NO_KEYRING, startKeyring } from '../support/start-keyring.ts'

/** What every place for secrets promises. */
function describeSecretStore(open: () => Promise<SecretStore>): void {
  let store: SecretStore
  beforeEach(async () => {
    store = await open()
  })

  test('a name that was never set has no secret', async () => {
    expect(await store.get('nobody')).toBeUndefined()
  })

  test('a secret comes back unchanged, whatever is in it', async () => {
    const secrets = ['plain', 'with blanks and "quotes"', 'ünïcödé 🔑', 'line\nline', 'x'.repeat(4000)]
    for (const [index, secret] of secrets.entries()) await store.set(`name ${index}:/é`, secret)
    const found = await Promise.all(secrets.map((_, index) => store.get(`name ${index}:/é`)))
    expect(found).toEqual(secrets)
  })

  test('the last value counts', async () => {
    await store.set('name', 'old')
    await store.set('name', 'new')
    expect(await store.get('name')).toBe('new')
  })

  test('a deleted secret is gone, and deleting it again is no mistake', async () => {
    await store.set('name', 'secret')
    await store.set('other', 'stays')
    await store.delete('name')
    await store.delete('name')
    expect(await store.get('name')).toBeUndefined()
    expect(await store.get('other')).toBe('stays')
  })

  test('it says where it keeps things', () => {
    expect(store.describe()).toMatch(/^in /)
  })
}

describe('memory', () => describeSecretStore(async () => memoryStore()))

if (NO_KEYRING !== undefined) console.warn(`SKIPPED: ${NO_KEYRING}`)

const service = `Sovereign Bridge test ${randomUUID()}`
const withoutBus = 'unix:path=/nonexistent/bus'

describe('no keychain', () => {
  test.runIf(process.platform === 'linux')('is said in words, and nothing is kept elsewhere', async () => {
    process.env.DBUS_SESSION_BUS_ADDRESS = withoutBus
    const keychain = await keytarStore({ service })
    expect(keychain).toEqual({ kind: 'unavailable', reason: expect.stringMatching(/\S/) })
  })
})

describe.skipIf(NO_KEYRING !== undefined)('the keychain of a desktop', () => {
  let keyring: Awaited<ReturnType<typeof startKeyring>> | undefined
  beforeAll(async () => {
    keyring = await startKeyring()
    process.env.DBUS_SESSION_BUS_ADDRESS = keyring.busAddress
  })
  afterAll(() => keyring?.close())

  const open = async () => {
    const keychain = await keytarStore({ service: `${service} ${randomUUID()}` })
    if (keychain.kind === 'unavailable') throw new Error(keychain.reason)
    return keychain.store
  }
  describeSecretStore(open)

  test('services do not see the secrets of each other', async () => {
    const [one, other] = [await open(), await open()]
    await one.set('name', 'secret')
    expect(await other.get('name')).toBeUndefined()
  })
})
