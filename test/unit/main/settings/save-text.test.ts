import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { readSettingsFile, saveSettingsText } from '../../../../src/main/settings/settings-file.ts'
import { findMistakes } from '../../../../src/main/settings/settings-text.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

let dir: string
let path: string

beforeEach(async () => {
  dir = await makeTempDir('settings-')
  path = join(dir, 'settings.json')
})

async function save(text: string): Promise<string> {
  const { revision } = await readSettingsFile(path)
  await saveSettingsText(path, text, revision)
  return readFile(path, 'utf8')
}

describe('checking a text', () => {
  test('every mistake has its path, its line and words', () => {
    const text =
      '{\n  "clients": [\n    { "name": "vm", "ssh": "vm", "listen": "vm:8080" },\n    { "nam": "b" }\n  ]\n}'
    expect(findMistakes(text)).toEqual([
      { path: 'clients[0].listen', line: 3, text: expect.stringContaining('loopback') as string },
      { path: 'clients[1].name', line: 4, text: 'is missing' },
      { path: 'clients[1].ssh', line: 4, text: expect.stringMatching(/^is missing: use an alias/) as string },
      { path: 'clients[1].nam', line: 4, text: 'unknown key; did you mean "name"?' },
    ])
  })

  test.each([
    ['{ "connectAtStart": }', { path: '', line: 1, text: expect.stringContaining('value') as string }],
    ['', { path: '', text: 'is empty' }],
    [
      '{ "version": 9 }',
      { path: 'version', line: 1, text: 'is 9, and this program knows up to 1; bring it up to date first' },
    ],
  ])('what is no settings file at all is one mistake: %s', (text, mistake) => {
    expect(findMistakes(text)).toEqual([mistake])
  })

  test('a text that can be saved has none', () => {
    expect(findMistakes('{ "connectAtStart": false }')).toEqual([])
  })
})

describe('saving a text', () => {
  test('the file gets exactly what somebody has typed', async () => {
    const text = '// mine\n{ "connectAtStart": false }\n'
    expect(await save(text)).toBe(text)
  })

  test('a text without comments keeps those of the file', async () => {
    await writeFile(path, '{\n  // never at start\n  "connectAtStart": false\n}\n')
    expect(await save('{"connectAtStart":true}')).toBe(
      '{\n  // never at start\n  "connectAtStart": true\n}\n',
    )
  })

  test('a file that somebody else changed meanwhile is left as it is', async () => {
    await writeFile(path, '{}')
    const { revision } = await readSettingsFile(path)
    await writeFile(path, '{ "connectAtStart": false }')
    await expect(saveSettingsText(path, '{"profiles":[{}]}', revision)).rejects.toMatchObject({
      code: 'settings.changed-on-disk',
      message: `${path} has been changed since it was read.`,
    })
    expect(await readFile(path, 'utf8')).toBe('{ "connectAtStart": false }')
  })

  test('a text with a mistake is refused and nothing is written', async () => {
    await writeFile(path, '{}')
    await expect(save('{ "clients": 3 }')).rejects.toMatchObject({ code: 'settings.invalid' })
    expect(await readFile(path, 'utf8')).toBe('{}')
  })

  test('a file with a mistake can be replaced by one without', async () => {
    await writeFile(path, '{ "clients": 3 }')
    expect(await save('{ "clients": [] }')).toBe('{ "clients": [] }')
  })

  test('the file of a newer program is never written over', async () => {
    await writeFile(path, '{ "version": 9 }')
    await expect(save('{}')).rejects.toMatchObject({ code: 'settings.from-the-future' })
    expect(await readFile(path, 'utf8')).toBe('{ "version": 9 }')
  })

  test('on a full disk the old file stays whole, and nothing else is left behind', async () => {
    const disk = join(dir, 'disk')
    await mkdir(disk)
    const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', disk]).status === 0
    // Without the right to mount, a folder that takes no files at all has to do.
    path = isMounted ? join(disk, 'settings.json') : '/proc/settings.json'
    try {
      if (isMounted) await writeFile(path, '{}')
      const saving = save(`// ${'long '.repeat(5_000)}\n{}`)
      const words = isMounted ? '(the disk is full)' : 'cannot be written'
      await expect(saving).rejects.toMatchObject({
        code: 'settings.unreadable',
        message: expect.stringContaining(words) as string,
      })
      if (!isMounted) return
      expect(await readFile(path, 'utf8')).toBe('{}')
      expect(await readdir(disk)).toEqual(['settings.json'])
    } finally {
      if (isMounted) spawnSync('umount', [disk])
    }
  })
})
