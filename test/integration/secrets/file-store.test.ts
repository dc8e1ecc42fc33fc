import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { fileStore, secretsFilePath } from '../../../src/main/secrets/file-store.ts'
import type { SecretStore } from '../../../src/main/secrets/secret-store.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await makeTempDir('secrets-')
  path = secretsFilePath(join(folder, 'settings.json'))
})

async function open(): Promise<SecretStore> {
  const place = await fileStore(path)
  if (place.kind === 'unavailable') throw new Error(place.reason)
  return place.store
}

test('the file lies beside the settings, and its name and description say that it is not encrypted', async () => {
  expect(path).toBe(join(folder, 'secrets-not-encrypted.json'))
  expect((await open()).describe()).toBe(
    `in the file ${path}, which only you can read and which is not encrypted`,
  )
})

test('there is no file until something is kept, and none of its pieces afterwards', async () => {
  const store = await open()
  await store.delete('nobody')
  expect(await readdir(folder)).toEqual([])
  await store.set('name', 'secret')
  expect(await readdir(folder)).toEqual(['secrets-not-encrypted.json'])
})

test('what is kept is there for the next run', async () => {
  await (await open()).set('name', 'secret')
  expect(await (await open()).get('name')).toBe('secret')
})

test('a file of another kind is left as it is', async () => {
  await writeFile(path, '{"version":2,"secrets":{}}', { mode: 0o600 })
  expect(await fileStore(path)).toEqual({
    kind: 'unavailable',
    reason: `${path} is no file of secrets that this version knows`,
  })
  expect(await readFile(path, 'utf8')).toBe('{"version":2,"secrets":{}}')
})

describe.skipIf(process.platform === 'win32')('what other users may do', () => {
  test('is nothing: the file is for its owner alone', async () => {
    await (await open()).set('name', 'secret')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test.each([0o640, 0o604, 0o660, 0o610])('a file of mode %o is refused, read and written', async (mode) => {
    const store = await open()
    await store.set('name', 'secret')
    await chmod(path, mode)
    const reason = `${path} is open to other users (mode 0${mode.toString(8)})`
    expect(await fileStore(path)).toEqual({ kind: 'unavailable', reason })
    const refusal = { code: 'secrets.unavailable', message: `${reason}.` }
    await expect(store.get('name')).rejects.toMatchObject(refusal)
    await expect(store.set('name', 'other')).rejects.toMatchObject(refusal)
    await chmod(path, 0o600)
    expect(await store.get('name')).toBe('secret')
  })

  test('a link in place of the file is refused', async () => {
    await writeFile(join(folder, 'elsewhere'), '{"version":1,"secrets":{}}', { mode: 0o600 })
    await symlink(join(folder, 'elsewhere'), path)
    expect(await fileStore(path)).toEqual({ kind: 'unavailable', reason: `${path} is no plain file` })
  })
})
