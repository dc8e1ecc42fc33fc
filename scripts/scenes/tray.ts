import type { TrayExtras } from '../../src/main/desktop/tray-menu.ts'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import type { DesktopState, UpdateState } from '../../src/shared/state/desktop.ts'
import { makeBusyState, makeFailure } from '../../test/support/make-dashboard.ts'
import { makeTunnels } from '../../test/support/make-tunnel.ts'
import { allLinks } from './all-links.ts'
import { NOW } from './scene.ts'

/** The menu of the tray in one state, to be drawn in light and dark. */
export interface TrayScene {
  /** Begins the name of the file. */
  readonly name: string
  readonly state: BridgeState
  readonly extras: TrayExtras
  /** Begins the label of a submenu that is open. */
  readonly open?: string
}

function desktop(update: UpdateState): DesktopState {
  return { kind: 'desktop', platform: 'linux', startsAtLogin: true, hasTray: true, update }
}

const BUSY = makeBusyState(NOW, {
  desktop: desktop({ kind: 'none', checkedAt: NOW }),
  egress: { use: 'mtls', control: 'aws', tunnel: makeTunnels(NOW).connected },
})

const EXTRAS: TrayExtras = {
  usage: 'Premium requests: 812 of 1,500 used, resets 1 December',
  connectsAtStart: true,
  profiles: [
    { name: 'home', relay: { kind: 'ssh', place: 'pi:8080' } },
    { name: 'office', relay: { kind: 'url', place: 'https://relay.example.com' } },
    { name: 'on the road', relay: { kind: 'embedded', place: 'this computer' } },
  ],
  matters: [],
}

function scene(
  name: string,
  change: Partial<BridgeState> = {},
  extras: Partial<TrayExtras> = {},
  more: Pick<TrayScene, 'open'> = {},
): TrayScene {
  return { name: `tray-${name}`, state: { ...BUSY, ...change }, extras: { ...EXTRAS, ...extras }, ...more }
}

const UNREACHABLE = makeFailure(
  'ssh.unreachable',
  'gpu-box (10.0.4.17:2222) does not answer; nothing came back for 8 s.',
)
const REFUSED = makeFailure('ssh.auth-failed', 'pi takes none of the keys: id_ed25519, id_rsa.')

export const TRAY: readonly TrayScene[] = [
  scene('disconnected', {
    ...allLinks(BUSY, { phase: 'idle' }),
    wanted: 'disconnected',
    agent: { phase: 'off' },
  }),
  scene(
    'connecting',
    {
      ...allLinks(BUSY, { phase: 'connecting', step: 'authenticating', attempt: 1, since: NOW }),
      egress: { use: 'mtls', control: 'aws', tunnel: makeTunnels(NOW).asleep },
      ollama: { kind: 'unknown', place: 'http://tower.lan:11434' },
    },
    { usage: undefined },
  ),
  scene('connected'),
  scene('degraded', {
    clients: BUSY.clients.map((client) =>
      client.name === 'gpu-box'
        ? {
            ...client,
            listener: { phase: 'off' },
            link: { phase: 'reconnecting', attempt: 4, nextTryAt: NOW, since: NOW, cause: UNREACHABLE },
          }
        : client,
    ),
  }),
  scene(
    'needs-you',
    {
      ...allLinks(BUSY, { phase: 'connecting', step: 'waiting-for-you', attempt: 1, since: NOW }),
      prompts: [
        {
          ...{ id: 'p1', askedAt: NOW, kind: 'host-key', host: 'pi', port: 22, keyType: 'ssh-ed25519' },
          fingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrfWyUBnGlLVEm5Z5hVBhvTs',
        },
      ],
      egress: { use: 'mtls', control: 'aws', tunnel: makeTunnels(NOW).asleep },
    },
    { usage: undefined },
  ),
  scene(
    'error',
    {
      relay: {
        ...BUSY.relay,
        link: { phase: 'failed', since: NOW, cause: REFUSED },
        health: { kind: 'unknown' },
      },
      egress: { use: 'direct', control: 'aws', tunnel: makeTunnels(NOW).asleep },
    },
    { usage: undefined },
  ),
  scene(
    'news',
    { desktop: desktop({ kind: 'ready', version: '0.2.0' }) },
    {
      matters: [
        { key: '1', words: 'version 0.2.0 is ready to install', route: '#/settings' },
        { key: '2', words: 'the monthly limit of builder (premium requests) is nearly used up', route: '#/' },
      ],
    },
    { open: 'Profile' },
  ),
]
