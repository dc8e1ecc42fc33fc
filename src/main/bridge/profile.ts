import { VERSION } from '../../node/version.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Profile, Settings, SshTargetSettings } from '../../shared/settings/schema.ts'
import { type BridgeState, NO_TRAFFIC, type RelayState } from '../../shared/state/bridge-state.ts'
import { NO_TUNNEL } from '../../shared/state/egress.ts'
import { IDLE } from '../../shared/state/link.ts'
import { parseListenAddress } from '../settings/address.ts'
import type { SshTarget } from '../ssh/link.ts'

/** The profile that the settings choose; the first one where they choose none. */
export function activeProfile({ profiles, activeProfile: chosen }: Settings): Profile {
  const profile = chosen === undefined ? profiles[0] : profiles.find(({ name }) => name === chosen)
  if (profile !== undefined) return profile
  throw new AppError('settings.invalid', `There is no profile named "${chosen}".`)
}

/** What a face shows before anything was started. */
export function initialState(profile: Profile, now: number): Omit<BridgeState, 'revision'> {
  return {
    version: VERSION,
    profile: profile.name,
    wanted: 'disconnected',
    startedAt: now,
    relay: { ...relayPlace(profile.relay), link: IDLE, health: { kind: 'unknown' } },
    clients: profile.clients.map((client) => ({
      name: client.name,
      place: placeOf(client.ssh),
      enabled: client.enabled,
      link: IDLE,
      listen: parseListenAddress(client.listen),
      listener: { phase: 'off' },
      path: { kind: 'unproven' },
      traffic: NO_TRAFFIC,
    })),
    agent: { phase: 'off' },
    egress: { use: profile.egress.use, tunnel: NO_TUNNEL },
    prompts: [],
    ollama: { kind: 'off' },
    vpn: { kind: 'off' },
    jobs: [],
    desktop: { kind: 'none' },
    secrets: { kind: 'asked' },
    logs: { level: 'warn', by: 'settings', file: undefined },
  }
}

/** Where the settings say that the relay is. */
export function relayPlace(relay: Profile['relay']): Pick<RelayState, 'kind' | 'place'> {
  if ('embedded' in relay) return { kind: 'embedded', place: 'this computer' }
  if ('url' in relay) return { kind: 'url', place: new URL(relay.url).origin }
  return { kind: 'ssh', place: `${placeOf(relay.ssh)}:${relay.port}` }
}

/** The Ollama that the relay in the bridge is to offer to clients. */
export function offeredOllama({ ollama }: Profile): { readonly url: string } | undefined {
  return ollama?.offer === true ? { url: ollama.url } : undefined
}

/** Where SSH is to go, from the two ways in which settings say it. */
export function targetOf(ssh: SshTargetSettings): SshTarget {
  if (typeof ssh === 'string') return { alias: ssh }
  const { host, port, user, identityFile } = ssh
  return {
    host,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(identityFile === undefined ? {} : { identityFile }),
  }
}

/** The same for people. */
export function placeOf(ssh: SshTargetSettings): string {
  if (typeof ssh === 'string') return ssh
  return `${ssh.user === undefined ? '' : `${ssh.user}@`}${ssh.host}${ssh.port === undefined ? '' : `:${ssh.port}`}`
}
