import { lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { loadSettings, saveSettings } from '../../../../src/main/settings/settings-file.ts'
import { defaultSettingsPath } from '../../../../src/main/settings/settings-path.ts'
import type { Settings } from '../../../../src/shared/settings/schema.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

let dir: string
let path: string

beforeEach(async () => {
  dir = await makeTempDir('settings-')
  path = join(dir, 'settings.json')
})

const VM: Settings['profiles'][number]['clients'][number] = {
  name: 'vm',
  ssh: 'vm',
  listen: '127.0.0.1:8080',
  enabled: true,
}

function withClients(settings: Settings, clients: readonly (typeof VM)[]): Settings {
  return {
    ...settings,
    profiles: settings.profiles.map((profile) => ({ ...profile, clients: [...clients] })),
  }
}

describe('loading', () => {
  test('no file means the defaults, and none is made', async () => {
    const loaded = await loadSettings(path)
    expect(loaded).toMatchObject({ existed: false, path, settings: { version: 1, connectAtStart: true } })
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })

  test('a byte order mark of UTF-8 does no harm', async () => {
    await writeFile(path, '\uFEFF{ "connectAtStart": false }')
    expect((await loadSettings(path)).settings.connectAtStart).toBe(false)
  })

  test('UTF-16 and broken UTF-8 are named', async () => {
    await writeFile(path, Buffer.from('\uFEFF{}', 'utf16le'))
    await expect(loadSettings(path)).rejects.toMatchObject({
      code: 'settings.invalid',
      message: 'settings.json is UTF-16.',
    })
    await writeFile(path, Buffer.from([0x7b, 0xff, 0x7d]))
    await expect(loadSettings(path)).rejects.toMatchObject({ message: 'settings.json is no UTF-8 text.' })
  })

  test('a file that is far too long is no mistake in a line', async () => {
    await writeFile(path, ' '.repeat(1024 * 1024 + 1))
    await expect(loadSettings(path)).rejects.toMatchObject({
      code: 'settings.invalid',
      message: 'settings.json has 1048577 bytes, which no settings file has.',
      remedy: 'Look whether this is the file that you mean.',
    })
  })

  test('a folder in its place and an unreadable file are named with their path', async () => {
    await mkdir(path)
    await expect(loadSettings(path)).rejects.toMatchObject({
      code: 'settings.unreadable',
      message: `${path} is a folder; the settings have to be a file.`,
    })
    await expect(loadSettings(join('/proc/self/mem'))).rejects.toMatchObject({ code: 'settings.unreadable' })
  })

  test('an old file is brought forward in memory and left as it is on disk', async () => {
    await writeFile(path, '{ "clients": [{ "name": "vm", "ssh": "vm" }] }')
    const loaded = await loadSettings(path)
    expect(loaded).toMatchObject({ existed: true, migratedFrom: 0 })
    expect(loaded.settings.profiles[0]?.clients).toEqual([VM])
    expect(await readFile(path, 'utf8')).toBe('{ "clients": [{ "name": "vm", "ssh": "vm" }] }')
  })
})

describe('saving', () => {
  test('a new file is readable by its owner only and loads as what was saved', async () => {
    const settings = withClients((await loadSettings(path)).settings, [VM])
    await saveSettings(path, settings)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await loadSettings(path)).settings).toEqual(settings)
  })

  test('comments and order survive a client that is added, changed and taken away', async () => {
    const text = `{
  // my machines
  "clients": [
    { "name": "a", "ssh": "a" }, // the big one
    // the small one
    { "name": "b", "ssh": "b" }
  ]
}
`
    await writeFile(path, text)
    const { settings } = await loadSettings(path)
    const [a, b] = settings.profiles[0]?.clients ?? []
    if (a === undefined || b === undefined) throw new Error('Two clients were written.')

    await saveSettings(path, withClients(settings, [a, b, VM]))
    expect(await readFile(path, 'utf8')).toContain('// my machines')
    expect(await readFile(path, 'utf8')).toContain('// the big one')
    expect((await loadSettings(path)).settings.profiles[0]?.clients).toEqual([a, b, VM])

    await saveSettings(path, withClients(settings, [{ ...a, enabled: false }, b]))
    const changed = await readFile(path, 'utf8')
    expect(changed).toContain('// the small one')
    expect((await loadSettings(path)).settings.profiles[0]?.clients).toEqual([{ ...a, enabled: false }, b])

    await saveSettings(path, withClients(settings, [b]))
    expect(await readFile(path, 'utf8')).toContain('// my machines')
    expect((await loadSettings(path)).settings.profiles[0]?.clients).toEqual([b])
  })

  test('saving what is already there writes nothing', async () => {
    await writeFile(path, '{ "clients": [] } // as it is')
    const { ino } = await stat(path)
    await saveSettings(path, (await loadSettings(path)).settings)
    expect((await stat(path)).ino).toBe(ino)
  })

  test('the short form grows into profiles when it cannot say what is to be saved', async () => {
    await writeFile(path, '{ "relay": { "ssh": "pi" } }')
    const { settings } = await loadSettings(path)
    const [first] = settings.profiles
    if (first === undefined) throw new Error('There is always a profile.')
    const two = { ...settings, profiles: [first, { ...first, name: 'work' }], activeProfile: 'work' }
    await saveSettings(path, two)
    const loaded = await loadSettings(path)
    expect(loaded.settings).toEqual(two)
    expect(loaded.migratedFrom).toBeUndefined()
  })

  test.each(['{ "version": 99 }', '{ "clients": [ }', '{ "clinets": [] }'])(
    'a file that is not understood is not written over: %s',
    async (text) => {
      await writeFile(path, text)
      const defaults = (await loadSettings(join(dir, 'none.json'))).settings
      await expect(saveSettings(path, defaults)).rejects.toMatchObject({
        code: expect.stringMatching(/^settings\./),
      })
      expect(await readFile(path, 'utf8')).toBe(text)
    },
  )

  test('a link into another folder stays a link', async () => {
    const target = join(dir, 'dotfiles.json')
    await writeFile(target, '{}')
    await symlink(target, path)
    const { settings } = await loadSettings(path)
    await saveSettings(path, { ...settings, connectAtStart: false })
    expect((await lstat(path)).isSymbolicLink()).toBe(true)
    expect(JSON.parse(await readFile(target, 'utf8'))).toEqual({ connectAtStart: false })
  })

  test('a place that cannot be written is named', async () => {
    const file = join(dir, 'file')
    await writeFile(file, '')
    const defaults = (await loadSettings(path)).settings
    await expect(saveSettings(join(file, 'settings.json'), defaults)).rejects.toMatchObject({
      code: 'settings.unreadable',
    })
  })
})

test('the default place follows the habits of the platform', () => {
  expect(defaultSettingsPath({ HOME: '/home/u' }, 'linux')).toBe(
    '/home/u/.config/sovereign-bridge/settings.json',
  )
  expect(defaultSettingsPath({ HOME: '/home/u', XDG_CONFIG_HOME: '/cfg' }, 'linux')).toBe(
    '/cfg/sovereign-bridge/settings.json',
  )
  expect(defaultSettingsPath({ HOME: '/home/u', XDG_CONFIG_HOME: 'cfg' }, 'linux')).toBe(
    '/home/u/.config/sovereign-bridge/settings.json',
  )
  expect(defaultSettingsPath({ HOME: '/Users/u' }, 'darwin')).toBe(
    '/Users/u/Library/Application Support/Sovereign Bridge/settings.json',
  )
  expect(defaultSettingsPath({ APPDATA: 'C:\\Users\\u\\AppData\\Roaming' }, 'win32')).toBe(
    'C:\\Users\\u\\AppData\\Roaming\\Sovereign Bridge\\settings.json',
  )
})
