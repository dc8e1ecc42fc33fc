import { expect, test } from 'vitest'
import type { MenuItemModel } from '../../../../src/main/desktop/tray-item.ts'
import { primaryAction, type TrayExtras, trayModel } from '../../../../src/main/desktop/tray-menu.ts'
import { AppError, toFailure } from '../../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { LinkState } from '../../../../src/shared/state/link.ts'
import type { Prompt } from '../../../../src/shared/state/prompt.ts'
import { assertNever } from '../../../../src/shared/util/assert-never.ts'
import { makeBridgeState, makeClientState, NOON } from '../../../support/make-bridge-state.ts'

const DOWN = toFailure(new AppError('ssh.unreachable', 'vm does not answer.'))
const TAKEN = toFailure(new AppError('port.taken', 'Port 8080 is held by nginx (pid 7).'))
const UP: LinkState = { phase: 'connected', since: NOON, roundTripMs: 3 }
const FAILED: LinkState = { phase: 'failed', since: NOON, cause: DOWN }
const RETRYING: LinkState = { phase: 'reconnecting', attempt: 2, nextTryAt: NOON, since: NOON, cause: DOWN }
const DESKTOP: BridgeState['desktop'] = {
  kind: 'desktop',
  platform: 'linux',
  startsAtLogin: true,
  hasTray: true,
  update: { kind: 'none', checkedAt: undefined },
}
const HOST_KEY: Prompt = {
  id: 'p1',
  askedAt: NOON,
  kind: 'host-key',
  host: 'pi',
  port: 22,
  keyType: 'ssh-ed25519',
  fingerprint: 'SHA256:abc',
}

function healthy(signedIn: boolean): BridgeState['relay']['health'] {
  return {
    kind: 'ok',
    at: NOON,
    version: '0.1.0',
    roundTripMs: 2,
    upstreams: [
      { name: 'copilot', signedIn },
      { name: 'openrouter', signedIn: false },
    ],
  }
}

function relay(link: LinkState, health = healthy(true)): BridgeState['relay'] {
  return { kind: 'ssh', place: 'pi:8080', link, health }
}

function makeState(change: Partial<BridgeState> = {}): BridgeState {
  return makeBridgeState({ relay: relay(UP), ...change })
}

function modelOf(change: Partial<BridgeState> = {}, extras: Partial<TrayExtras> = {}) {
  return trayModel(makeState(change), { connectsAtStart: true, profiles: [], matters: [], ...extras })
}

/** The whole menu as one reads it: ticks, what can be clicked, and what a submenu holds. */
function exported(items: readonly MenuItemModel[], indent = ''): string[] {
  return items.flatMap((item) => {
    switch (item.kind) {
      case 'separator':
        return `${indent}--`
      case 'text':
        return `${indent}(${item.label})`
      case 'action':
        return `${indent}${item.label}`
      case 'check':
        return `${indent}[${item.checked ? 'x' : ' '}] ${item.label}`
      case 'radio':
        return `${indent}(${item.checked ? 'o' : ' '}) ${item.label}`
      case 'submenu':
        return [`${indent}${item.label} >`, ...exported(item.items, `${indent}  `)]
      default:
        return assertNever(item)
    }
  })
}

function labels(items: readonly MenuItemModel[]): string[] {
  return items.map((item) => (item.kind === 'separator' ? '--' : item.label))
}

test.each<[string, Partial<BridgeState>, string, string]>([
  ['nobody wants a connection', { wanted: 'disconnected' }, 'disconnected', 'Disconnected'],
  [
    'links are still being closed',
    { wanted: 'disconnected', relay: relay({ phase: 'closing' }) },
    'disconnected',
    'Disconnecting',
  ],
  [
    'the relay is connected but has not answered yet',
    { relay: relay(UP, { kind: 'unknown' }) },
    'connecting',
    'Connecting to the relay pi:8080',
  ],
  [
    'the relay is being tried again',
    { relay: relay(RETRYING) },
    'connecting',
    'Connecting to the relay pi:8080. vm does not answer.',
  ],
  [
    'the relay needs a person',
    { relay: relay(FAILED) },
    'error',
    'No way to the relay pi:8080. vm does not answer.',
  ],
  [
    'the relay is reached and does not answer',
    { relay: relay(UP, { kind: 'failing', at: NOON, cause: DOWN }) },
    'error',
    'No way to the relay pi:8080. vm does not answer.',
  ],
  [
    'one of two parts is down',
    { clients: [makeClientState({ name: 'vm', link: RETRYING })] },
    'degraded',
    'Not working for vm. vm does not answer.',
  ],
  [
    'a request from a client does not come back',
    { clients: [makeClientState({ name: 'vm', path: { kind: 'broken', at: NOON, cause: DOWN } })] },
    'degraded',
    'Not working for vm. vm does not answer.',
  ],
  [
    'no part works',
    {
      agent: { phase: 'failed', address: '127.0.0.1:8080', since: NOON, cause: TAKEN },
      clients: [makeClientState({ name: 'vm', link: FAILED })],
    },
    'error',
    'Not working for this computer, vm. Port 8080 is held by nginx (pid 7).',
  ],
  [
    'a client is on its way',
    {
      clients: [
        makeClientState({
          name: 'vm',
          link: { phase: 'connecting', step: 'resolving', attempt: 1, since: NOON },
        }),
      ],
    },
    'connecting',
    'Connecting vm',
  ],
  [
    'a client that is down was switched off',
    { clients: [makeClientState({ enabled: false, link: FAILED })] },
    'connected',
    'Connected to the relay pi:8080',
  ],
  [
    'a question is open',
    { prompts: [HOST_KEY], relay: relay(RETRYING) },
    'needs-you',
    'A question waits for your answer',
  ],
  [
    'the relay has no account',
    { relay: relay(UP, healthy(false)) },
    'needs-you',
    'Connected, but the relay is not signed in',
  ],
  ['everything works', { clients: [makeClientState()] }, 'connected', 'Connected to the relay pi:8080'],
])('while %s, icon and tooltip say so', (_when, change, icon, words) => {
  const model = modelOf(change)
  expect([model.icon, model.tooltip]).toEqual([icon, `Sovereign Bridge: ${words}`])
})

const COPY_HERE = [
  'Copy client settings >',
  '  (On this computer)',
  '  Set-up command: curl -fsSL http://127.0.0.1:8080/setup | bash',
  '  OpenAI base URL: http://127.0.0.1:8080/v1',
  '  Anthropic base URL: http://127.0.0.1:8080',
]
const REST = ['Settings…', 'Diagnostics…', '--', '[x] Connect at start', '--']
const OLLAMA: BridgeState['ollama'] = {
  kind: 'ok',
  place: '10.0.0.7:11434',
  at: NOON,
  roundTripMs: 4,
  version: '0.13.1',
  models: [],
  loaded: [],
  listed: 0,
  notes: [],
}

test.each<[string, Partial<BridgeState>, Partial<TrayExtras>, readonly string[]]>([
  [
    'nobody wants a connection',
    { wanted: 'disconnected', agent: { phase: 'off' }, ollama: OLLAMA },
    { connectsAtStart: false, usage: 'Premium requests: 3 of 300 used' },
    [
      '(Disconnected)',
      '--',
      'Connect',
      '--',
      'Open dashboard',
      'Settings…',
      'Diagnostics…',
      '--',
      '[ ] Connect at start',
      '--',
      'Quit',
    ],
  ],
  [
    'everything works',
    { clients: [makeClientState({ name: 'vm' })], ollama: OLLAMA, desktop: DESKTOP },
    { usage: 'Premium requests: 812 of 1,500 used, resets 1 December' },
    [
      '(Connected to the relay pi:8080)',
      '--',
      'Disconnect',
      '--',
      '[x] The relay pi:8080: connected, copilot ready',
      'This computer: ready on 127.0.0.1:8080',
      '[x] vm: connected, ready on 127.0.0.1:8080',
      'Ollama on 10.0.0.7:11434: version 0.13.1, 0 models',
      '--',
      '(Premium requests: 812 of 1,500 used, resets 1 December)',
      '--',
      'Open dashboard',
      'Sign-in and accounts…',
      'Copy client settings >',
      '  (On this computer and vm)',
      ...COPY_HERE.slice(2),
      'Settings…',
      'Diagnostics…',
      '--',
      '[x] Start at login',
      '[x] Connect at start',
      '--',
      'Check for updates',
      'Disconnect and quit',
    ],
  ],
  [
    'the relay is not reached yet',
    {
      relay: relay({ phase: 'connecting', step: 'resolving', attempt: 1, since: NOON }, { kind: 'unknown' }),
    },
    {},
    [
      '(Connecting to the relay pi:8080)',
      '--',
      'Disconnect',
      '--',
      '[x] The relay pi:8080: connecting',
      'This computer: ready on 127.0.0.1:8080',
      '--',
      'Open dashboard',
      ...COPY_HERE,
      ...REST,
      'Disconnect and quit',
    ],
  ],
  [
    'a client is down and another one is switched off',
    {
      clients: [
        makeClientState({ name: 'vm', link: RETRYING, listener: { phase: 'off' } }),
        makeClientState({ name: 'gpu', enabled: false, link: { phase: 'idle' } }),
      ],
    },
    {},
    [
      '(Not working for vm)',
      '(vm does not answer.)',
      `(${DOWN.remedy})`,
      '--',
      'Retry now',
      'Disconnect',
      '--',
      '[x] The relay pi:8080: connected, copilot ready',
      'This computer: ready on 127.0.0.1:8080',
      '[x] vm: connecting again: vm does not answer.',
      '[ ] gpu: switched off',
      '--',
      'Open dashboard',
      'Sign-in and accounts…',
      'Copy client settings >',
      '  (On this computer and vm)',
      ...COPY_HERE.slice(2),
      ...REST,
      'Disconnect and quit',
    ],
  ],
  [
    'the relay cannot be reached, and a question is open',
    { relay: relay(FAILED, { kind: 'unknown' }), prompts: [HOST_KEY] },
    {},
    [
      '(A question waits for your answer)',
      '--',
      'Check the unknown host key of pi…',
      '--',
      'Retry now',
      'Disconnect',
      '--',
      '[x] The relay pi:8080: failed: vm does not answer.',
      'Try the relay again',
      'This computer: ready on 127.0.0.1:8080',
      '--',
      'Open dashboard',
      ...COPY_HERE,
      ...REST,
      'Disconnect and quit',
    ],
  ],
  [
    'somebody else holds the port',
    {
      relay: relay(UP, healthy(false)),
      agent: { phase: 'failed', address: '127.0.0.1:8080', since: NOON, cause: TAKEN, otherPort: 8081 },
    },
    {},
    [
      '(Not working for this computer)',
      '(Port 8080 is held by nginx (pid 7).)',
      `(${TAKEN.remedy})`,
      '--',
      'Disconnect',
      '--',
      '[x] The relay pi:8080: connected, not signed in',
      'This computer: Port 8080 is held by nginx (pid 7).',
      'Use port 8081 until the next start',
      'Try that address again',
      '--',
      'Open dashboard',
      'Sign in to GitHub Copilot…',
      ...REST,
      'Disconnect and quit',
    ],
  ],
])('while %s, the whole menu is as it should be', (_when, change, extras, lines) => {
  expect(exported(modelOf(change, extras).items)).toEqual(lines)
})

test.each<[Extract<BridgeState['desktop'], { kind: 'desktop' }>['update'], readonly string[]]>([
  [{ kind: 'unsupported', reason: 'This is a checkout.' }, []],
  [{ kind: 'none', checkedAt: NOON }, ['Check for updates']],
  [{ kind: 'failed', reason: 'No network.', at: NOON }, ['Check for updates']],
  [{ kind: 'available', version: '1.2.0' }, ['Download version 1.2.0']],
  [{ kind: 'downloading', version: '1.2.0', share: 0.4 }, ['(Downloading version 1.2.0)']],
  [{ kind: 'ready', version: '1.2.0' }, ['Restart to update to 1.2.0']],
])('the way to a new version is shown as far as there is one: %j', (update, lines) => {
  const { items } = modelOf({ desktop: { ...DESKTOP, update } })
  const shown = exported(items)
  expect(shown.slice(shown.lastIndexOf('--') + 1)).toEqual([...lines, 'Disconnect and quit'])
})

test('a download that goes on does not change the menu', () => {
  const [before, after] = [0.1, 0.9].map((share) =>
    modelOf({ desktop: { ...DESKTOP, update: { kind: 'downloading', version: '1.2.0', share } } }),
  )
  expect(after).toEqual(before)
})

test('each address is offered once, with the machines that have it, and socket files are not', () => {
  const listen = { kind: 'tcp', host: '127.0.0.1', port: 9090 } as const
  const { items } = modelOf({
    agent: { phase: 'listening', address: 'unix:/run/agent.sock', since: NOON },
    clients: [
      makeClientState({ name: 'vm' }),
      makeClientState({ name: 'gpu', listen, listener: { phase: 'off' } }),
      makeClientState({ name: 'pi' }),
    ],
  })
  const copies = items.filter(({ kind }) => kind === 'submenu')
  expect(exported(copies)).toEqual([
    'Copy client settings >',
    '  (On vm and pi)',
    ...COPY_HERE.slice(2),
    '  --',
    '  (On gpu)',
    '  Set-up command: curl -fsSL http://127.0.0.1:9090/setup | bash',
    '  OpenAI base URL: http://127.0.0.1:9090/v1',
    '  Anthropic base URL: http://127.0.0.1:9090',
  ])
})

test('a failure is told with what happened and what to do, and can be tried again', () => {
  const { items } = modelOf({ relay: relay(FAILED) })
  expect(labels(items)).toEqual(expect.arrayContaining([DOWN.message, DOWN.remedy, 'Retry now']))
})

test('nothing can be tried again while everything works', () => {
  expect(labels(modelOf().items)).not.toContain('Retry now')
})

test('a taken port comes with the free one beside it', () => {
  const { items } = modelOf({
    agent: { phase: 'failed', address: '127.0.0.1:8080', since: NOON, cause: TAKEN, otherPort: 8081 },
  })
  expect(items).toContainEqual({
    kind: 'action',
    label: 'Use port 8081 until the next start',
    action: { kind: 'use-other-port', target: 'agent', port: 8081 },
  })
})

test('a click on the line of a client switches it off, or on again', () => {
  const lines = [true, false].map((enabled) => {
    const { items } = modelOf({ clients: [makeClientState({ name: 'vm', enabled })] })
    return items.find((item) => item.kind === 'check' && item.label.startsWith('vm'))
  })
  expect(lines).toMatchObject([
    { checked: true, action: { kind: 'enable-client', name: 'vm', enabled: false } },
    {
      checked: false,
      label: 'vm: switched off',
      action: { kind: 'enable-client', name: 'vm', enabled: true },
    },
  ])
})

test('a part without a switch opens the dashboard, and is tried again by itself when it waits or has failed', () => {
  const { items } = modelOf({
    relay: relay(RETRYING),
    ollama: { kind: 'failing', place: '10.0.0.7:11434', at: NOON, cause: DOWN },
    egress: { use: 'mtls', tunnel: { phase: 'failed', since: NOON, cause: DOWN } },
  })
  const clicks = items.flatMap((item) => (item.kind === 'action' ? [[item.label, item.action]] : []))
  expect(clicks).toEqual(
    expect.arrayContaining([
      ['Tunnel: failed: vm does not answer.', { kind: 'open-dashboard' }],
      ['Try the relay again', { kind: 'retry', target: 'relay' }],
      ['Try the tunnel again', { kind: 'retry', target: 'tunnel' }],
      ['Ollama on 10.0.0.7:11434: vm does not answer.', { kind: 'open-dashboard' }],
      ['Ask Ollama again', { kind: 'probe-ollama' }],
    ]),
  )
  expect(labels(modelOf({ ollama: OLLAMA }).items).filter((line) => /again/.test(line))).toEqual([])
})

const SWITCHED_OFF = toFailure(new AppError('relay.switched-off', 'The relay is switched off.'))

test('the relay has a switch of its own, and nothing is wrong while it is off', () => {
  const off = modelOf({
    relay: relay({ phase: 'failed', since: NOON, cause: SWITCHED_OFF }, { kind: 'unknown' }),
    clients: [makeClientState({ name: 'vm' })],
  })
  expect([off.icon, off.tooltip]).toEqual(['disconnected', 'Sovereign Bridge: The relay is switched off'])
  const lines = [modelOf(), off].map(({ items }) => items.find(({ kind }) => kind === 'check'))
  expect(lines).toMatchObject([
    { checked: true, action: { kind: 'enable-relay', enabled: false } },
    {
      checked: false,
      label: 'The relay pi:8080: switched off',
      action: { kind: 'enable-relay', enabled: true },
    },
  ])
  expect(labels(off.items)).not.toContain('Try the relay again')
  expect(labels(off.items)).toContain('vm: connected, ready on 127.0.0.1:8080')
})

test('what nobody has seen yet stands below the state and in the tooltip, before the reason of a trouble', () => {
  const matters = ['version 1.2.0 is available', 'the set-up of vm has failed'].map((words, index) => ({
    ...{ key: `${index}`, words, route: '#/' },
  }))
  const { hasBadge, items, tooltip } = modelOf({ relay: relay(FAILED) }, { matters })
  expect(hasBadge).toBe(true)
  expect(labels(items).slice(4, 6)).toEqual(matters.map(({ words }) => `New: ${words}`))
  expect(tooltip).toBe(
    'Sovereign Bridge: No way to the relay pi:8080. New: version 1.2.0 is available and 1 more. vm does not answer.',
  )
  expect(modelOf().hasBadge).toBe(false)
})

test('every question has a line that leads to its answer', () => {
  const from = { id: 'p2', askedAt: NOON, user: 'eve', host: 'vm' }
  const prompts: Prompt[] = [
    HOST_KEY,
    { ...from, kind: 'passphrase', keyFile: '~/.ssh/id', attempt: 1, canRemember: true },
    { ...from, kind: 'password', attempt: 1 },
    { ...from, kind: 'keyboard-interactive', title: '', instructions: '', questions: [] },
  ]
  const lines = modelOf({ prompts }).items.filter(
    (item) => item.kind === 'action' && item.action.kind === 'answer',
  )
  expect(lines).toMatchObject([
    { label: 'Check the unknown host key of pi…', action: { promptId: 'p1' } },
    { label: 'Type the passphrase of ~/.ssh/id…', action: { promptId: 'p2' } },
    { label: 'Type the password of eve@vm…' },
    { label: 'Answer eve@vm…' },
  ])
})

test('a relay without an account offers the way to one', () => {
  const { items } = modelOf({ relay: relay(UP, healthy(false)) })
  expect(labels(items)).toContain('Sign in to GitHub Copilot…')
})

test('what a server wrote becomes one short printable line', () => {
  const cause = toFailure(new AppError('ssh.unreachable', `bad\n\u202e\u001b[31m${'x'.repeat(500)}`))
  const { items, tooltip } = modelOf({ relay: relay({ ...FAILED, cause }) })
  for (const line of [...labels(items), tooltip]) expect(line).toMatch(/^[^\p{Cc}\p{Cf}]{1,127}$/u)
})

test('nothing of the tray changes while a host that is away is dialled again and again', () => {
  const outage = { since: NOON, cause: DOWN }
  const dialling: LinkState = { phase: 'connecting', step: 'resolving', attempt: 3, since: NOON, outage }
  expect(modelOf({ relay: relay(dialling) })).toEqual(modelOf({ relay: relay(RETRYING) }))
  const [before, after] = [RETRYING, dialling].map((link) =>
    modelOf({ clients: [makeClientState({ name: 'vm', link })] }),
  )
  expect(after).toEqual(before)
})

test('a menu that looks the same is the same, however many bytes have passed', () => {
  const traffic = (totalChannels: number) => ({ ...makeClientState().traffic, totalChannels })
  const [before, after] = [1, 900].map((channels) =>
    modelOf({ clients: [makeClientState({ traffic: traffic(channels) })] }),
  )
  expect(after).toEqual(before)
})

test.each<[string, Partial<BridgeState>, string]>([
  ['connects what is disconnected', { wanted: 'disconnected' }, 'connect'],
  ['tries again what has failed', { relay: relay(FAILED) }, 'retry'],
  ['disconnects what works', {}, 'disconnect'],
  ['disconnects what is still connecting', { relay: relay(RETRYING) }, 'disconnect'],
])('a click on the icon %s', (_what, change, kind) => {
  expect(primaryAction(makeState(change))).toEqual({ kind })
})
