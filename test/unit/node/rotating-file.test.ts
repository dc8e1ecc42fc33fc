import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RotatingFile } from '../../../src/node/rotating-file.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

/** A fourth of it is ten lines. */
const KEPT = 400
const line = (index: number): string => `line ${String(index).padStart(4, '0')}\n`

async function makeFolder(): Promise<string> {
  const folder = await makeTempDir('rotating-')
  return join(folder, 'logs')
}

async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort((a, b) => a.localeCompare(b))
  const entries = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)
  return Object.fromEntries(await Promise.all(entries))
}

function writeLines(file: RotatingFile, from: number, to: number): void {
  for (let index = from; index < to; index += 1) file.write(line(index))
}

test('however much is written, the newest lines are kept, in order and within the limit', async () => {
  const folder = await makeFolder()
  writeLines(new RotatingFile(join(folder, 'bridge.log'), KEPT), 0, 1000)
  const found = await contents(folder)
  expect(Object.keys(found)).toEqual(['bridge.log', 'bridge.log.1', 'bridge.log.2', 'bridge.log.3'])
  const pieces = ['.3', '.2', '.1', ''].map((end) => found[`bridge.log${end}`] ?? '')
  expect(pieces.join('')).toBe(Array.from({ length: 40 }, (_, index) => line(960 + index)).join(''))
})

test('a later run goes on where this one ended, for this user alone', async () => {
  const folder = await makeFolder()
  const path = join(folder, 'bridge.log')
  writeLines(new RotatingFile(path, KEPT), 0, 6)
  writeLines(new RotatingFile(path, KEPT), 6, 12)
  const found = await contents(folder)
  expect(found['bridge.log.1']?.split('\n')).toHaveLength(11)
  expect(found['bridge.log']).toBe(line(10) + line(11))
  if (process.platform === 'win32') return
  expect([(await stat(path)).mode & 0o777, (await stat(folder)).mode & 0o777]).toEqual([0o600, 0o700])
})

test('less that is to be kept counts at once, the newest first', async () => {
  const folder = await makeFolder()
  const file = new RotatingFile(join(folder, 'bridge.log'), KEPT)
  writeLines(file, 0, 40)
  file.keep(KEPT / 2)
  expect(Object.keys(await contents(folder))).toEqual(['bridge.log', 'bridge.log.1'])
  writeLines(file, 40, 60)
  const sizes = Object.values(await contents(folder)).map((text) => text.length)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(KEPT / 2)
})

test('a file that was emptied or a folder that was deleted meanwhile is written on', async () => {
  const folder = await makeFolder()
  const file = new RotatingFile(join(folder, 'bridge.log'), KEPT)
  writeLines(file, 0, 10)
  await truncate(file.path)
  writeLines(file, 10, 12)
  expect(await contents(folder)).toEqual({ 'bridge.log': line(10) + line(11) })
  await rm(folder, { recursive: true })
  file.write(line(12))
  expect(await contents(folder)).toEqual({ 'bridge.log': line(12) })
})

test('a file that cannot be put aside begins anew before it grows without end', async () => {
  const folder = await makeFolder()
  await mkdir(join(folder, 'bridge.log.1'), { recursive: true })
  await writeFile(join(folder, 'bridge.log.1/mine'), 'mine')
  const file = new RotatingFile(join(folder, 'bridge.log'), KEPT)
  await mkdir(join(folder, 'bridge.log.2/x'), { recursive: true })
  writeLines(file, 0, 1000)
  expect((await stat(file.path)).size).toBeLessThanOrEqual(KEPT)
  expect(await readFile(file.path, 'utf8')).toMatch(/line 0999\n$/)
})

test('a place that takes nothing costs the lines and nothing else', async () => {
  const folder = await makeFolder()
  await writeFile(folder, 'a file where the folder should be')
  const file = new RotatingFile(join(folder, 'bridge.log'), KEPT)
  writeLines(file, 0, 20)
  file.keep(KEPT / 2)
  expect(await readFile(folder, 'utf8')).toBe('a file where the folder should be')
})
