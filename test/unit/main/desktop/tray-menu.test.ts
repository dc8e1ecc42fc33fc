import { expect, test } from 'vitest'
import type { TrayExtras } from '../../../../src/main/desktop/tray-menu.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import { makeClientState, NOON } from '../../../support/make-bridge-state.ts'
import {
  DESKTOP,
  DOWN,
  exported,
  FAILED,
  HOST_KEY,
  healthy,
  modelOf,
  OLLAMA,
  RETRYING,
  relay,
  TAKEN,
  UP,
} from './tray-states.ts'

const COPY_HERE = [
  'Copy client settings >',
  '  (On this computer)',
  '  Set-up command: curl -fsSL http://127.0.0.1:8080/setup | bash',
  '  OpenAI base URL: http://127.0.0.1:8080/v1',
  '  Anthropic base URL: http://127.0.0.1:8080',
]
const REST = ['Settings…', 'Diagnostics…', '--', '[x] Connect at start', '--']

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

test('a menu that looks the same is the same, however many bytes have passed', () => {
  const traffic = (totalChannels: number) => ({ ...makeClientState().traffic, totalChannels })
  const [before, after] = [1, 900].map((channels) =>
    modelOf({ clients: [makeClientState({ traffic: traffic(channels) })] }),
  )
  expect(after).toEqual(before)
})
