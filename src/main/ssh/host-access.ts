import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '../../shared/errors/app-error.ts'
import type { HostTrust, Login } from './establish.ts'
import type { PromptBroker } from './link.ts'
import type { ResolvedHost } from './resolved-host.ts'

/** Stands in for known-hosts/ and auth/ until they are there: plain known_hosts lines, key files without passphrase. */
export function createHostTrust(prompts: PromptBroker): HostTrust {
  return {
    knownKeyTypes: async (host) => (await knownKeys(host)).map(({ type }) => type),
    check: async (host, key, signal) => {
      const shown = { type: key.toString('latin1', 4, 4 + key.readUInt32BE(0)), key: key.toString('base64') }
      const known = await knownKeys(host)
      if (known.some((line) => line.key === shown.key)) return
      if (known.length > 0) {
        throw new AppError(
          'ssh.host-key-changed',
          `${host.displayName} shows ${fingerprint(shown.key)}, on record is ${known.map((line) => fingerprint(line.key)).join(', ')}.`,
        )
      }
      const answer = await prompts.ask(
        {
          kind: 'host-key',
          host: host.hostName,
          port: host.port,
          keyType: shown.type,
          fingerprint: fingerprint(shown.key),
        },
        signal,
      )
      if (answer.kind !== 'host-key' || !answer.accept) {
        throw new AppError('ssh.host-key-unknown', `The key of ${host.displayName} was not accepted.`)
      }
      const [file] = host.userKnownHostsFiles
      if (file === undefined) return
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await appendFile(file, `${nameOf(host)} ${shown.type} ${shown.key}\n`, { mode: 0o600 })
    },
  }
}

export async function logIn(host: ResolvedHost): Promise<Login> {
  const keys: Buffer[] = []
  for (const file of host.identityFiles) {
    const key = await readFile(file).catch(() => undefined)
    if (key !== undefined) keys.push(key)
  }
  return {
    authHandler: () => {
      const key = keys.shift()
      return key === undefined ? false : { type: 'publickey', username: host.user, key }
    },
    failure: () => undefined,
    dispose: () => undefined,
  }
}

async function knownKeys(host: ResolvedHost): Promise<{ type: string; key: string }[]> {
  const found: { type: string; key: string }[] = []
  for (const file of [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles]) {
    const text = await readFile(file, 'utf8').catch(() => '')
    for (const line of text.split('\n')) {
      const [names, type, key] = line.split(' ')
      if (names?.split(',').includes(nameOf(host)) && type !== undefined && key !== undefined)
        found.push({ type, key })
    }
  }
  return found
}

function nameOf({ hostKeyAlias, hostName, port }: ResolvedHost): string {
  return hostKeyAlias ?? (port === 22 ? hostName : `[${hostName}]:${port}`)
}

function fingerprint(key: string): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`
}
