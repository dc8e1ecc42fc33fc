import type { Mistake } from './mistake.ts'
import type { ClientSettings, Profile, Settings, SshTargetSettings } from './schema.ts'

/** What is wrong between values that are right by themselves. */
export function crossCheck(settings: Settings): Mistake[] {
  return [
    ...duplicates(settings.profiles, ({ name }) => name).map(({ index, first, item }) => ({
      path: ['profiles', index, 'name'],
      text: `profiles[${first}] is already called ${JSON.stringify(item.name)}; give each its own name`,
    })),
    ...settings.profiles.flatMap(clientMistakes),
    ...activeProfileMistake(settings),
  ]
}

function clientMistakes(profile: Profile, profileIndex: number): Mistake[] {
  const at = (index: number, key: string) => ['profiles', profileIndex, 'clients', index, key]
  const { clients } = profile
  return [
    ...duplicates(clients, ({ name }) => name).map(({ index, first, item }) => ({
      path: at(index, 'name'),
      text: `clients[${first}] is already called ${JSON.stringify(item.name)}; give each its own name`,
    })),
    ...duplicates(clients, placeOf).map(({ index, item, firstItem }) => ({
      path: at(index, 'listen'),
      text: `client ${JSON.stringify(firstItem.name)} already listens on ${item.listen} of the same machine; choose another port`,
    })),
  ]
}

function activeProfileMistake({ activeProfile, profiles }: Settings): Mistake[] {
  if (activeProfile === undefined || profiles.some(({ name }) => name === activeProfile)) return []
  const names = profiles.map(({ name }) => JSON.stringify(name)).join(', ')
  return [
    {
      path: ['activeProfile'],
      text: `there is no profile ${JSON.stringify(activeProfile)}; there is ${names}`,
    },
  ]
}

/** The listening place on a machine, the same for two spellings of it. */
function placeOf({ ssh, listen }: ClientSettings): string {
  return `${spellTarget(ssh)} ${listen.replace(/^localhost:/, '127.0.0.1:')}`
}

function spellTarget(ssh: SshTargetSettings): string {
  if (typeof ssh === 'string') return ssh.replace(/:22$/, '')
  const { user, host, port = 22 } = ssh
  return `${user === undefined ? '' : `${user}@`}${host}${port === 22 ? '' : `:${port}`}`
}

interface Duplicate<T> {
  readonly index: number
  readonly item: T
  readonly first: number
  readonly firstItem: T
}

function duplicates<T>(items: readonly T[], keyOf: (item: T) => string): Duplicate<T>[] {
  const seen = new Map<string, { index: number; item: T }>()
  return items.flatMap((item, index) => {
    const first = seen.get(keyOf(item))
    if (first !== undefined) return [{ index, item, first: first.index, firstItem: first.item }]
    seen.set(keyOf(item), { index, item })
    return []
  })
}
