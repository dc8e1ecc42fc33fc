import { expect, test } from 'vitest'
import type { TrayAction } from '../../../../src/main/desktop/tray-item.ts'
import { settingsSchema } from '../../../../src/shared/settings/schema.ts'
import { startTray } from '../../../support/start-tray.ts'

test('connecting at start is written into the file as it is now, and nothing else of it', async () => {
  const { api, controller } = startTray()
  api.answer('getSettingsFile', () => ({
    path: '/home/eve/settings.json',
    text: '{ "relay": { "ssh": "pi" } } // mine',
    existed: true,
    revision: 'r7',
  }))
  await controller.perform({ kind: 'connect-at-start', enabled: false })
  const [, saved] = api.calls.find(([name]) => name === 'saveSettings') ?? []
  const { revision, text } = saved as { readonly revision: string; readonly text: string }
  expect(revision).toBe('r7')
  expect(settingsSchema.parse(JSON.parse(text))).toMatchObject({
    connectAtStart: false,
    profiles: [{ relay: { ssh: 'pi' } }],
  })
})

test('a settings file with a mistake is not written over, and the box says where it is', async () => {
  const { api, boxes, controller } = startTray()
  const file = { path: '/home/eve/settings.json', text: '{\n"relays": 1}', existed: true, revision: 'r1' }
  api.answer('getSettingsFile', () => file)
  await controller.perform({ kind: 'connect-at-start', enabled: false })
  expect(boxes[0]?.message).toContain('line 2')
  expect(api.calls.map(([name]) => name)).not.toContain('saveSettings')
})

test('the tick for connecting at start follows the settings, whoever changes them', () => {
  const { line, live } = startTray()
  expect(line('Connect at start')).toMatchObject({ checked: true })
  live.save({ connectAtStart: false })
  expect(line('Connect at start')).toMatchObject({ checked: false })
})

const TWO_PROFILES = `{
  "activeProfile": "work", // mine
  "profiles": [
    { "name": "home", "relay": { "ssh": "pi" } },
    { "name": "work", "egress": { "use": "direct", "mtls": { "server": "t:1", "ca": "/a", "cert": "/b", "key": "/c" } } }
  ]
}`

test.each<[TrayAction, object]>([
  [{ kind: 'use-profile', name: 'home' }, { activeProfile: 'home' }],
  [
    { kind: 'use-egress', use: 'mtls' },
    { activeProfile: 'work', profiles: [{ egress: { use: 'direct' } }, { egress: { use: 'mtls' } }] },
  ],
])('the choice %j is written into the settings, and nothing else of them', async (action, changed) => {
  const { api, controller } = startTray()
  const file = { path: '/home/eve/settings.json', text: TWO_PROFILES, existed: true, revision: 'r7' }
  api.answer('getSettingsFile', () => file)
  await controller.perform(action)
  const [, saved] = api.calls.find(([name]) => name === 'saveSettings') ?? []
  const { text } = saved as { readonly text: string }
  expect(settingsSchema.parse(JSON.parse(text))).toMatchObject(changed)
})

test('several profiles can be chosen from, and the tick follows the one that is used', () => {
  const { api, line, live } = startTray()
  expect(line('Profile')).toBeUndefined()
  const profiles = [{ name: 'home', relay: { ssh: 'pi' } }, { name: 'work' }]
  live.save({ profiles: settingsSchema.parse({ profiles }).profiles })
  api.publish({ profile: 'work' })
  expect(line('Profile')).toEqual({
    kind: 'submenu',
    label: 'Profile: work',
    items: [
      {
        kind: 'radio',
        label: 'home: the relay pi:8080',
        checked: false,
        action: { kind: 'use-profile', name: 'home' },
      },
      {
        kind: 'radio',
        label: 'work: the built-in relay',
        checked: true,
        action: { kind: 'use-profile', name: 'work' },
      },
    ],
  })
})
