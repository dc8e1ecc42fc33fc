import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ownerIn } from '../../../../src/main/egress/owner.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

const makeFolder = () => makeTempDir('owner-')

test('nothing is written until the name is asked for, and then it is the same in every run', async () => {
  const folder = join(await makeFolder(), 'settings')
  const file = join(folder, 'tunnel-owner')
  const owner = ownerIn(file)
  await expect(readdir(folder)).rejects.toThrow('ENOENT')
  expect(owner()).toMatch(/^[\w.-]{1,64}$/)
  expect(owner()).toBe(owner())
  expect(ownerIn(file)()).toBe(owner())
  expect(await readdir(folder)).toEqual(['tunnel-owner'])
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('what is no name is replaced', async () => {
  const file = join(await makeFolder(), 'tunnel-owner')
  await writeFile(file, '../x y\n')
  const owner = ownerIn(file)()
  expect(await readFile(file, 'utf8')).toBe(`${owner}\n`)
})

test('where nothing can be written, a name holds for the run', async () => {
  const folder = await makeFolder()
  await writeFile(join(folder, 'file'), '')
  const owner = ownerIn(join(folder, 'file/tunnel-owner'))
  expect(owner()).toBe(owner())
  expect(await readdir(folder)).toEqual(['file'])
})
