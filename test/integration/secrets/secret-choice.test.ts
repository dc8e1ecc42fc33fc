import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { secretsFilePath } from '../../../src/main/secrets/file-store.ts'
import { openSecrets, type SecretKeeper } from '../../../src/main/secrets/secret-keeper.ts'
import type { SecretPlace } from '../../../src/main/secrets/secret-store.ts'
import { createLogger } from '../../../src/node/log.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { startBridge } from '../../support/start-bridge.ts'

const NO_KEYCHAIN: SecretPlace = { kind: 'unavailable', reason: 'Cannot autolaunch D-Bus' }
const log = createLogger('bridge', 'silent')

let file: string
let asked = 0
beforeEach(async () => {
  const folder = await makeTempDir('secrets-')
  file = secretsFilePath(join(folder, 'settings.json'))
  asked = 0
})

function open(choice: 'keychain' | 'file' | 'ask', keychain: SecretPlace): Promise<SecretKeeper> {
  const openKeychain = async (): Promise<SecretPlace> => {
    asked += 1
    return keychain
  }
  return openSecrets(choice, { file, log, openKeychain })
}

test('where no keychain answers, that is said, and nothing is kept anywhere else', async () => {
  const keeper = await open('keychain', NO_KEYCHAIN)
  expect(keeper.state).toEqual({ kind: 'unavailable', by: 'keychain', reason: 'Cannot autolaunch D-Bus' })
  expect(keeper.store()).toBeUndefined()
})

test('a keychain that was not chosen is not asked, since it might open a window', async () => {
  const keeper = await open('ask', { kind: 'available', store: memoryStore() })
  expect([keeper.state, keeper.store(), asked]).toEqual([{ kind: 'asked' }, undefined, 0])
  await keeper.choose('file')
  expect([keeper.state.kind, asked]).toEqual(['kept', 0])
})

test('another choice counts at once, and what the place before holds stays there', async () => {
  const keychain = memoryStore()
  const keeper = await open('keychain', { kind: 'available', store: keychain })
  await keeper.store()?.set('name', 'one')
  await keeper.choose('file')
  expect(await keeper.store()?.get('name')).toBeUndefined()
  await keeper.store()?.set('name', 'two')
  await keeper.choose('ask')
  expect(keeper.store()).toBeUndefined()
  expect(await keychain.get('name')).toBe('one')
  expect(await readFile(file, 'utf8')).toContain('two')
})

test('saving the settings moves the place for passphrases of the running bridge', async () => {
  const secrets = await open('keychain', NO_KEYCHAIN)
  const { bridge } = await startBridge({ teardown: onTestFinished, profile: {}, secrets })
  expect(bridge.state.secrets).toMatchObject({ kind: 'unavailable', by: 'keychain' })
  const { text, revision } = await bridge.api.getSettingsFile({})
  const settings: unknown = { ...(JSON.parse(text) as object), secrets: 'file' }
  await bridge.api.saveSettings({ text: JSON.stringify(settings), revision })
  expect(bridge.state.secrets).toMatchObject({ kind: 'kept', by: 'file' })
  expect(secrets.store()?.describe()).toContain(file)
})

test('the checks say where passphrases are kept, by the choice of the settings', async () => {
  const { bridge, settingsPath } = await startBridge({ teardown: onTestFinished, profile: {} })
  const look = async () => {
    const { checks } = await bridge.api.runChecks({})
    return checks.find(({ id }) => id === 'keychain')
  }
  const save = async (secrets: string): Promise<void> => {
    const { text, revision } = await bridge.api.getSettingsFile({})
    await bridge.api.saveSettings({ text: JSON.stringify({ ...JSON.parse(text), secrets }), revision })
  }
  await save('file')
  expect(await look()).toMatchObject({
    status: 'ok',
    detail: `Passphrases can be kept in the file ${secretsFilePath(settingsPath)}, which only you can read and which is not encrypted.`,
  })
  await save('ask')
  expect(await look()).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining('asked for in every run'),
  })
})
