import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Sshd, startSshd } from './start-sshd.ts'

export interface LoneHost {
  readonly sshd: Sshd
  /** As for `ssh -F`. */
  readonly sshConfigFile: string
}

export interface LoneHostOptions {
  /** Whether its key is on record. */
  readonly isKnown?: boolean
  /** What its sessions have in their environment besides. */
  readonly env?: Readonly<Record<string, string>>
}

/** A real host that the SSH configuration calls `vm`; its key is on record unless told otherwise. */
export async function startLoneHost({ isKnown = true, env = {} }: LoneHostOptions = {}): Promise<LoneHost> {
  const sshd = await startSshd({ teardown: onTestFinished, env })
  const sshConfigFile = join(sshd.dir, 'ssh_config')
  const lines = [
    'Host vm',
    `  HostName ${sshd.host}`,
    `  Port ${sshd.port}`,
    `  User ${sshd.userName}`,
    `  IdentityFile ${sshd.clientKeyFile}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    `  UserKnownHostsFile ${isKnown ? sshd.knownHostsFile : join(sshd.dir, 'nobody_known')}`,
    '  GlobalKnownHostsFile none',
    '',
  ]
  await writeFile(sshConfigFile, lines.join('\n'))
  return { sshd, sshConfigFile }
}
