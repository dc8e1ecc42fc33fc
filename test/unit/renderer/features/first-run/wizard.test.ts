import { describe, expect, test } from 'vitest'
import {
  changeSettings,
  withClient,
  withRelay,
} from '../../../../../src/renderer/features/first-run/change-settings.ts'
import {
  createWizard,
  isName,
  type Keep,
  keptWizard,
  nameFor,
  newWizard,
  portOf,
  relayUrlOf,
} from '../../../../../src/renderer/features/first-run/wizard.ts'
import { readSettings } from '../../../../../src/shared/settings/read-settings.ts'
import { settingsSchema } from '../../../../../src/shared/settings/schema.ts'
import { fakeBridgeApi } from '../../../../support/fake-bridge-api.ts'

function keep(text?: string): Keep & { text: string | null } {
  return {
    text: text ?? null,
    getItem() {
      return this.text
    },
    setItem(_key, value) {
      this.text = value
    },
    removeItem() {
      this.text = null
    },
  }
}

describe('how far somebody is', () => {
  test('is there again after a reload', () => {
    const page = keep()
    createWizard(page).setState({ ...newWizard('first'), step: 'machines', machineHost: 'pi' }, true)
    expect(createWizard(page).getState()).toMatchObject({ step: 'machines', machineHost: 'pi' })
  })

  test('is forgotten at the end', () => {
    const page = keep()
    const wizard = createWizard(page)
    wizard.setState(newWizard('first'), true)
    wizard.setState(undefined, true)
    expect(page.text).toBeNull()
  })

  test.each(['', '{', 'null', '{"step":"elsewhere"}'])('begins anew where %s is kept', (text) => {
    expect(keptWizard(keep(text))).toBeUndefined()
  })

  test('does without a storage', () => {
    const broken = {
      getItem: () => {
        throw new Error('no storage')
      },
      setItem: () => {
        throw new Error('no storage')
      },
      removeItem: () => {},
    }
    const wizard = createWizard(broken)
    wizard.setState(newWizard('add'), true)
    expect(wizard.getState()).toMatchObject({ step: 'machines' })
  })
})

test.each([
  ['pi', 'pi'],
  ['eve@build-box:2222', 'build-box'],
  ['eve@10.0.0.5', '10.0.0.5'],
  ['[fe80::1]:22', 'fe80-1'],
  ['@@', ''],
])('a machine at %s is called %j unless told', (host, name) => {
  expect(nameFor(host)).toBe(name)
})

test('names that the settings would refuse are refused', () => {
  const names = ['pi', 'Build box 2', 'ß.x_y-z', '', '-x', ' x', 'a/b', 'x'.repeat(101)]
  const fits = (name: string): boolean => readSettings({ clients: [{ name, ssh: 'x' }] }).kind === 'settings'
  expect(names.map(isName)).toEqual(names.map(fits))
})

test.each([
  ['8080', 8080],
  [' 1 ', 1],
  ['0', undefined],
  ['65536', undefined],
  ['8o8o', undefined],
  ['', undefined],
])('%j as a port is %s', (text, port) => {
  expect(portOf(text)).toBe(port)
})

test.each([
  ['http://10.0.0.5:8080/', 'http://10.0.0.5:8080'],
  [' https://relay.example.org ', 'https://relay.example.org'],
  ['ftp://x', undefined],
  ['10.0.0.5:8080', undefined],
  ['http://', undefined],
])('%j as the address of a relay is %s', (text, url) => {
  expect(relayUrlOf(text)).toBe(url)
})

describe('the settings', () => {
  const settings = settingsSchema.parse({
    activeProfile: 'work',
    profiles: [{ name: 'home' }, { name: 'work', clients: [{ name: 'a', ssh: 'a' }] }],
  })

  test('get the relay in the profile that is in use', () => {
    const changed = withRelay(settings, { ssh: 'pi', port: 8080 })
    expect(changed.profiles.map(({ relay }) => relay)).toEqual([
      { embedded: true },
      { ssh: 'pi', port: 8080 },
    ])
  })

  test('get a machine beside the others, and never twice', () => {
    const client = { name: 'b', ssh: 'b', listen: '127.0.0.1:8080', enabled: true }
    const twice = withClient(withClient(settings, client), { ...client, ssh: 'c' })
    expect(twice.profiles[1]?.clients.map(({ name, ssh }) => [name, ssh])).toEqual([
      ['a', 'a'],
      ['b', 'c'],
    ])
  })

  test('are saved over the file that was read and no other', async () => {
    const api = fakeBridgeApi()
    await changeSettings(api, (read) => withRelay(read, { url: 'http://10.0.0.5:8080' }))
    const [, saved] = api.calls.find(([name]) => name === 'saveSettings') ?? []
    expect(saved).toMatchObject({ revision: 'r1' })
    expect(JSON.parse((saved as { text: string }).text)).toMatchObject({
      profiles: [{ relay: { url: 'http://10.0.0.5:8080' } }],
    })
  })

  test('that have a mistake are left as they are', async () => {
    const api = fakeBridgeApi()
    api.answer('getSettingsFile', () => ({
      path: 's.json',
      text: '{ "relay": 1 }',
      existed: true,
      revision: 'r',
    }))
    await expect(changeSettings(api, (read) => read)).rejects.toMatchObject({ code: 'settings.invalid' })
    expect(api.calls.some(([name]) => name === 'saveSettings')).toBe(false)
  })

  test('that the bridge would refuse are not saved, and it is said why', async () => {
    const api = fakeBridgeApi()
    api.answer('checkSettings', () => ({ mistakes: [{ path: 'clients[0].name', text: 'is taken' }] }))
    await expect(changeSettings(api, (read) => read)).rejects.toMatchObject({
      message: 'clients[0].name is taken.',
    })
    expect(api.calls.some(([name]) => name === 'saveSettings')).toBe(false)
  })
})
