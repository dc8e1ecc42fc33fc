import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../../../src/node/make-folder.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const makeHome = () => makeTempDir('folder-')

test('a folder is made with all that are missing above it, for its owner alone, and may be there already', async () => {
  const home = await makeHome()
  const path = join(home, 'a/b/c')
  await makeFolder(path)
  await makeFolder(path)
  for (const made of [path, join(home, 'a')]) expect((await stat(made)).mode & 0o777).toBe(0o700)
})

test('a file in the way is an error', async () => {
  const home = await makeHome()
  await writeFile(join(home, 'file'), '')
  await expect(makeFolder(join(home, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolder(join(home, 'file/in/it'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test.runIf(process.platform === 'linux')('a place that takes no folder is an error, at once', async () => {
  await expect(makeFolder('/proc/x')).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(makeFolder('/proc/x/y')).rejects.toMatchObject({ code: 'ENOENT' })
})
