import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fileStore } from '../../src/main/secrets/file-store.ts'
import { keytarStore } from '../../src/main/secrets/keytar-store.ts'
import type { SecretPlace, SecretStore } from '../../src/main/secrets/secret-store.ts'
import { makeTempDir } from '../support/make-temp-dir.ts'
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

  test('secrets that are set at once are all kept', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `name ${index}`)
    await Promise.all(names.map((name) => store.set(name, `secret of ${name}`)))
    const found = await Promise.all(names.map((name) => store.get(name)))
    expect(found).toEqual(names.map((name) => `secret of ${name}`))
  })

  test('it says where it keeps things', () => {
    expect(store.describe()).toMatch(/^in /)
  })
}

function opened(place: SecretPlace): SecretStore {
  if (place.kind === 'unavailable') throw new Error(place.reason)
  return place.store
}

describe('memory', () => describeSecretStore(async () => memoryStore()))

describe('a file', () =>
  describeSecretStore(async () => {
    const folder = await makeTempDir('secrets-')
    return opened(await fileStore(join(folder, 'secrets.json')))
  }))

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

  const open = async () => opened(await keytarStore({ service: `${service} ${randomUUID()}` }))
  describeSecretStore(open)

  test('services do not see the secrets of each other', async () => {
    const [one, other] = [await open(), await open()]
    await one.set('name', 'secret')
    expect(await other.get('name')).toBeUndefined()
  })
})
