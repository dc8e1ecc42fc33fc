import type { MenuItemModel } from '../../../../src/main/desktop/tray-item.ts'
import { type TrayExtras, trayModel } from '../../../../src/main/desktop/tray-menu.ts'
import { AppError, toFailure } from '../../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { DesktopFacts } from '../../../../src/shared/state/desktop.ts'
import type { LinkState } from '../../../../src/shared/state/link.ts'
import type { Prompt } from '../../../../src/shared/state/prompt.ts'
import { assertNever } from '../../../../src/shared/util/assert-never.ts'
import { makeBridgeState, NOON } from '../../../support/make-bridge-state.ts'

export const DOWN = toFailure(new AppError('ssh.unreachable', 'vm does not answer.'))
export const TAKEN = toFailure(new AppError('port.taken', 'Port 8080 is held by nginx (pid 7).'))
export const UP: LinkState = { phase: 'connected', since: NOON, roundTripMs: 3 }
export const FAILED = { phase: 'failed', since: NOON, cause: DOWN } satisfies LinkState
export const RETRYING: LinkState = {
  phase: 'reconnecting',
  attempt: 2,
  nextTryAt: NOON,
  since: NOON,
  cause: DOWN,
}
export const DESKTOP: DesktopFacts = {
  kind: 'desktop',
  platform: 'linux',
  startsAtLogin: true,
  hasTray: true,
  update: { kind: 'none', checkedAt: undefined },
}
export const HOST_KEY: Prompt = {
  id: 'p1',
  askedAt: NOON,
  kind: 'host-key',
  host: 'pi',
  port: 22,
  keyType: 'ssh-ed25519',
  fingerprint: 'SHA256:abc',
}

export function healthy(signedIn: boolean): BridgeState['relay']['health'] {
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

export function relay(link: LinkState, health = healthy(true)): BridgeState['relay'] {
  return { kind: 'ssh', place: 'pi:8080', link, health }
}

export function makeState(change: Partial<BridgeState> = {}): BridgeState {
  return makeBridgeState({ relay: relay(UP), ...change })
}

export function modelOf(change: Partial<BridgeState> = {}, extras: Partial<TrayExtras> = {}) {
  return trayModel(makeState(change), { connectsAtStart: true, profiles: [], matters: [], ...extras })
}

/** The whole menu as one reads it: ticks, what can be clicked, and what a submenu holds. */
export function exported(items: readonly MenuItemModel[], indent = ''): string[] {
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

export function labels(items: readonly MenuItemModel[]): string[] {
  return items.map((item) => (item.kind === 'separator' ? '--' : item.label))
}

export const OLLAMA: BridgeState['ollama'] = {
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
