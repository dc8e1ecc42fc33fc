import type { SettingsPath } from './mistake.ts'
import { SETTINGS_VERSION } from './schema.ts'

type Plain = Readonly<Record<string, unknown>>

/** What a file says, in the shape of today's version. */
export interface Migrated {
  readonly value: unknown
  /** Version of the file where that is an older one. */
  readonly from?: number
  /** Where a path of today's version is in the file that was read. */
  readonly pathInFile: (path: SettingsPath) => SettingsPath
}

/** Keys of the one profile that the short form has at the top. */
export const SHORT_KEYS = ['relay', 'clients', 'agent', 'egress', 'ollama', 'vpn'] as const

/**
 * Brings an older form forward. Version 0, which is also a short way to write a file by hand, has one profile
 * without a name whose keys stand at the top.
 */
export function migrateSettings(value: unknown): Migrated {
  if (!isShortForm(value)) return { value, pathInFile: (path) => path }
  const rest = { ...value }
  const profile: Record<string, unknown> = { name: 'default' }
  for (const key of SHORT_KEYS) {
    if (Object.hasOwn(value, key)) profile[key] = value[key]
    delete rest[key]
  }
  return {
    value: { ...rest, version: SETTINGS_VERSION, profiles: [profile] },
    from: 0,
    pathInFile: (path) => (path[0] === 'profiles' ? path.slice(2) : path),
  }
}

/** The version that a file says it has, or undefined when it says none. */
export function writtenVersion(value: unknown): unknown {
  return isPlain(value) ? value.version : undefined
}

function isShortForm(value: unknown): value is Plain {
  if (!isPlain(value) || Object.hasOwn(value, 'profiles')) return false
  if (Object.hasOwn(value, 'version')) return value.version === 0
  return SHORT_KEYS.some((key) => Object.hasOwn(value, key))
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
