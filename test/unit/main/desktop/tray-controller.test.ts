import { expect, onTestFinished, test } from 'vitest'
import type { MessageBox } from '../../../../src/main/desktop/dialogs.ts'
import { TrayController } from '../../../../src/main/desktop/tray-controller.ts'
import type { MenuItemModel, TrayAction } from '../../../../src/main/desktop/tray-item.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import { type Settings, settingsSchema } from '../../../../src/shared/settings/schema.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { DesktopFacts } from '../../../../src/shared/state/desktop.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'
import { fakeBridgeApi } from '../../../support/fake-bridge-api.ts'
import { makeBridgeState, makeClientState, NOON } from '../../../support/make-bridge-state.ts'
import { DESKTOP, HOST_KEY } from './tray-states.ts'

function liveSettings() {
  const listeners = new Set<() => void>()
  let settings: Settings = settingsSchema.parse({})
  return {
    get settings() {
      return settings
    },
    onSettings: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    save(change: Partial<Settings>) {
      settings = { ...settings, ...change }
      for (const listener of listeners) listener()
    },
    get listenerCount() {
      return listeners.size
    },
  }
}

/** A relay that can be asked for its usage. */
const ANSWERING: BridgeState['relay'] = {
  ...makeBridgeState().relay,
  health: { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 2, upstreams: [] },
}

const SIGNED_IN: BridgeState['relay'] = {
  ...ANSWERING,
  health: {
    ...{ kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 2 },
    upstreams: [{ name: 'copilot', signedIn: true }],
  },
}

function startTray(initial: Partial<BridgeState> = {}, seenBefore: readonly string[] = []) {
  const api = fakeBridgeApi(initial)
  const ambient = fakeAmbient()
  const drawn: string[] = []
  const boxes: MessageBox[] = []
  const windows: string[] = []
  const copied: string[] = []
  const live = liveSettings()
  const kept = { seen: seenBefore, isInFront: false }
  let items: readonly MenuItemModel[] = []
  let press = (_box: MessageBox): number | Promise<number> => 0
  const controller = new TrayController({
    api,
    state: makeBridgeState(initial),
    live,
    face: {
      setIcon: (icon, hasBadge) => void drawn.push(`icon ${icon}${hasBadge ? ' with a badge' : ''}`),
      setTooltip: () => void drawn.push('tooltip'),
      setItems: (next) => {
        items = next
        drawn.push('items')
      },
    },
    show: async (box) => {
      boxes.push(box)
      return press(box)
    },
    openWindow: (kind, route = '') => void windows.push(kind + route),
    copy: async (text) => void copied.push(text),
    quit: () => undefined,
    memory: {
      seen: () => kept.seen,
      keepSeen: (keys) => {
        kept.seen = keys
      },
    },
    isInFront: () => kept.isInFront,
    ambient,
  })
  onTestFinished(() => controller.close())
  return {
    api,
    ambient,
    boxes,
    controller,
    copied,
    drawn,
    kept,
    live,
    windows,
    line: (words: string) => items.find((item) => item.kind !== 'separator' && item.label.includes(words)),
    pressing: (answer: typeof press) => {
      press = answer
    },
  }
}

test('only what has changed is drawn again', () => {
  const { api, drawn } = startTray({ wanted: 'disconnected' })
  expect(drawn.splice(0)).toEqual(['icon disconnected', 'tooltip', 'items'])
  api.publish({ ollama: { kind: 'unknown', place: '10.0.0.7:11434' } })
  expect(drawn).toEqual([])
  api.publish({ wanted: 'connected' })
  expect(drawn).toEqual(['icon connecting', 'tooltip', 'items'])
})

test('the second click of a double-click does not undo the first', () => {
  const { api, ambient, controller } = startTray({ wanted: 'disconnected' })
  controller.click()
  api.publish({ wanted: 'connected' })
  ambient.pass(120)
  controller.click()
  ambient.pass(5_000)
  controller.click()
  expect(api.calls.map(([name]) => name)).toEqual(['connect', 'disconnect'])
})

test('waking up has the bridge prove its links, unless nobody wants them', async () => {
  const { api, controller } = startTray({ wanted: 'disconnected' })
  await controller.wokeUp()
  expect(api.calls).toEqual([])
  api.publish({ wanted: 'connected' })
  await controller.wokeUp()
  expect(api.calls).toEqual([['probe', {}]])
})

test('one part is tried again by itself, the Ollama is asked again, and without a part all of it is', async () => {
  const { api, controller } = startTray()
  await controller.perform({ kind: 'retry', target: 'relay' })
  await controller.perform({ kind: 'probe-ollama' })
  await controller.perform({ kind: 'retry' })
  expect(api.calls).toEqual([
    ['retryNow', { target: 'relay' }],
    ['probeOllama', {}],
    ['retryNow', {}],
  ])
})

test('a call that fails is told with its remedy', async () => {
  const { api, boxes, controller } = startTray()
  api.answer('useOtherPort', () => {
    throw new AppError('port.taken', 'Port 81 is held by nginx.', { remedy: 'Stop nginx.' })
  })
  await controller.perform({ kind: 'use-other-port', target: 'agent', port: 81 })
  expect(boxes).toMatchObject([
    { type: 'error', message: 'Port 81 is held by nginx.', detail: 'Stop nginx.' },
  ])
})

test.each([
  [0, [['answerPrompt', { id: 'p1', answer: { kind: 'host-key', accept: true } }]]],
  [1, [['answerPrompt', { id: 'p1', answer: { kind: 'host-key', accept: false } }]]],
  [2, []],
])('button %i of the host key box answers accordingly', async (button, calls) => {
  const { api, boxes, controller, pressing } = startTray({ prompts: [HOST_KEY] })
  pressing(() => button)
  await controller.perform({ kind: 'answer', promptId: 'p1' })
  expect(api.calls).toEqual(calls)
  expect(boxes[0]?.detail).toContain('SHA256:abc')
  expect([boxes[0]?.defaultId, boxes[0]?.cancelId]).toEqual([2, 2])
})

test('a question that goes away under its box is not answered', async () => {
  const { api, controller, pressing } = startTray({ prompts: [HOST_KEY] })
  pressing(() => {
    api.publish({ prompts: [] })
    return 0
  })
  await controller.perform({ kind: 'answer', promptId: 'p1' })
  expect(api.calls).toEqual([])
})

test('a question that needs typing opens the window where it is asked', async () => {
  const { boxes, controller, windows } = startTray({
    prompts: [{ id: 'p2', askedAt: NOON, kind: 'password', user: 'eve', host: 'vm', attempt: 1 }],
  })
  await controller.perform({ kind: 'answer', promptId: 'p2' })
  expect([boxes, windows]).toEqual([[], ['dashboard#/prompts']])
})

test('the dashboard and the sign-in open in windows of their own', async () => {
  const { controller, windows } = startTray()
  await controller.perform({ kind: 'open-dashboard' })
  await controller.perform({ kind: 'sign-in' })
  expect(windows).toEqual(['dashboard', 'sign-in'])
})

test('settings and diagnostics open in the window of the dashboard', async () => {
  const { controller, windows } = startTray()
  await controller.perform({ kind: 'open-view', route: '#/diagnostics' })
  expect(windows).toEqual(['dashboard#/diagnostics'])
})

test('what is to be copied is copied as it is', async () => {
  const { controller, copied } = startTray()
  await controller.perform({ kind: 'copy', text: 'http://127.0.0.1:8080/v1' })
  expect(copied).toEqual(['http://127.0.0.1:8080/v1'])
})

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

test('a tick that the desktop has put on its own is taken back where nothing has changed', async () => {
  const { api, controller, drawn, line } = startTray({ clients: [makeClientState({ name: 'vm' })] })
  api.answer('setClientEnabled', () => {
    throw new AppError('api.not-found', 'There is no client named "vm".')
  })
  drawn.splice(0)
  await controller.perform({ kind: 'enable-client', name: 'vm', enabled: false })
  expect(drawn).toEqual(['items'])
  expect(line('vm:')).toMatchObject({ checked: true })
})

test.each<[DesktopFacts['update'], readonly object[]]>([
  [{ kind: 'none', checkedAt: NOON }, [{ message: 'Version 0.1.0 is the newest.' }]],
  [{ kind: 'available', version: '1.2.0' }, [{ message: 'Version 1.2.0 is available.' }]],
  [{ kind: 'failed', reason: 'No network.', at: NOON }, [{ type: 'warning', detail: 'No network.' }]],
])('whoever looks for a new version is told what came of it: %j', async (update, told) => {
  const { api, boxes, controller } = startTray({ desktop: DESKTOP })
  api.answer('checkForUpdate', () => void api.publish({ desktop: { ...DESKTOP, update } }))
  await controller.perform({ kind: 'check-for-update' })
  expect(boxes).toMatchObject(told)
})

test('the usage of a relay that answers comes into the menu, and goes when it is disconnected', async () => {
  const { api, line } = startTray({ wanted: 'disconnected' })
  api.answer('relayUsage', () => ({ requests: 3 }))
  api.publish({ wanted: 'connected', relay: ANSWERING })
  await expect
    .poll(() => line('Usage'))
    .toEqual({
      kind: 'text',
      label: 'Usage since the relay started: 3 requests',
    })
  api.publish({ wanted: 'disconnected' })
  expect(line('Usage')).toBeUndefined()
})

const READY: Partial<BridgeState> = {
  desktop: { ...DESKTOP, update: { kind: 'ready', version: '1.2.0' } },
}

test('what nobody has seen puts a badge on the icon until a window comes to the front, and not again after a restart', () => {
  const { api, controller, drawn, kept, line } = startTray({ wanted: 'disconnected' })
  drawn.splice(0)
  api.publish(READY)
  expect(drawn.splice(0)).toEqual(['icon disconnected with a badge', 'tooltip', 'items'])
  expect(line('New: version 1.2.0 is ready to install')).toMatchObject({
    action: { kind: 'open-view', route: '#/settings' },
  })
  kept.isInFront = true
  controller.lookedAt()
  expect(drawn.splice(0)).toEqual(['icon disconnected', 'tooltip', 'items'])
  expect(line('New:')).toBeUndefined()
  const later = startTray({ wanted: 'disconnected', ...READY }, kept.seen)
  expect(later.drawn).toEqual(['icon disconnected', 'tooltip', 'items'])
  later.api.publish({ desktop: { ...DESKTOP, update: { kind: 'available', version: '1.3.0' } } })
  expect(later.drawn).toContain('icon disconnected with a badge')
})

test('what comes up while somebody looks at the window is seen there', () => {
  const { api, drawn, kept } = startTray({ wanted: 'disconnected' })
  kept.isInFront = true
  api.publish(READY)
  expect(drawn.filter((what) => what.includes('badge'))).toEqual([])
})

test('a budget that runs out puts a badge on the icon of a bridge that works', async () => {
  const { api, drawn, line } = startTray({ wanted: 'disconnected' })
  const limits = [
    { scope: 'client', client: 'builder', name: 'cost', period: 'month', unit: 'USD', state: 'near' },
    { scope: 'relay', name: 'requests', period: 'minute', unit: 'requests', state: 'spent' },
  ].map((limit) => ({ limit: 10, used: 9, ...limit }))
  api.answer('relayUsage', () => ({ requests: 3, limits }))
  api.publish({ wanted: 'connected', relay: SIGNED_IN })
  await expect
    .poll(() => line('New:'))
    .toMatchObject({ label: 'New: the monthly limit of builder (USD) is nearly used up' })
  expect(drawn).toContain('icon connected with a badge')
})

test.each<[TrayAction, readonly [string, object]]>([
  [{ kind: 'enable-relay', enabled: false }, ['setRelayEnabled', { enabled: false }]],
  [{ kind: 'tunnel-awake', awake: true }, ['setTunnelAwake', { awake: true }]],
])('the switch %j is a call', async (action, call) => {
  const { api, controller } = startTray()
  await controller.perform(action)
  expect(api.calls).toContainEqual(call)
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
  live.save({ profiles: settingsSchema.parse(PROFILES).profiles })
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

const PROFILES = { profiles: [{ name: 'home', relay: { ssh: 'pi' } }, { name: 'work' }] }

test('a closed tray listens no more', () => {
  const { api, controller, live } = startTray()
  expect([api.listenerCount, live.listenerCount]).toEqual([1, 1])
  controller.close()
  expect([api.listenerCount, live.listenerCount]).toEqual([0, 0])
})
