import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The files that ssh reads. */
export function defaultConfigFiles(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return [join(home, '.ssh', 'config'), join(systemFolder(env), 'ssh_config')]
}

/** As ssh has them (ssh_config(5), IdentityFile), in its order. */
const DEFAULT_IDENTITIES = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk']

/** The usual key files, as far as they exist. */
export function existingIdentities(home: string): readonly string[] {
  return DEFAULT_IDENTITIES.map((name) => join(home, '.ssh', name)).filter((file) => existsSync(file))
}

export function userKnownHosts(home: string): readonly string[] {
  return ['known_hosts', 'known_hosts2'].map((name) => join(home, '.ssh', name))
}

export function globalKnownHosts(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return ['ssh_known_hosts', 'ssh_known_hosts2'].map((name) => join(systemFolder(env), name))
}

function systemFolder(env: Readonly<Record<string, string | undefined>>): string {
  return process.platform === 'win32' ? join(env.ProgramData ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh'
}
