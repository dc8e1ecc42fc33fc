import { readFile } from 'node:fs/promises'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { ResolvedHost } from '../resolved-host.ts'
import { keyTypeOf } from './fingerprint.ts'
import { matchesRecord } from './host-name.ts'

/** One line of a known_hosts file. */
export interface HostRecord {
  readonly kind: 'key' | 'authority' | 'revoked'
  readonly key: Buffer
  readonly keyType: string
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

const KINDS: Readonly<Record<string, HostRecord['kind']>> = {
  '@cert-authority': 'authority',
  '@revoked': 'revoked',
}

/** Everything that the files of a host say about `name`, in the order of ssh: the user's files first. */
export async function recordsOf(host: ResolvedHost, name: string): Promise<HostRecord[]> {
  const files = [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles]
  const records: HostRecord[] = []
  for (const file of files) {
    const lines = (await readRecords(file)).split('\n')
    for (const [index, line] of lines.entries()) {
      const record = parseRecord(line, name, { file, line: index + 1 })
      if (record !== undefined) records.push(record)
    }
  }
  return records
}

function parseRecord(
  line: string,
  name: string,
  place: Pick<HostRecord, 'file' | 'line'>,
): HostRecord | undefined {
  const fields = line.trim().split(/[ \t]+/)
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
  const [hosts = '', keyType = '', encoded = ''] = fields
  const kind = marker === undefined ? 'key' : KINDS[marker]
  if (hosts === '' || hosts.startsWith('#') || kind === undefined || !matchesRecord(name, hosts))
    return undefined
  const key = Buffer.from(encoded, 'base64')
  // Lines that ssh could not read either: damaged, or of the time before protocol 2.
  if (keyType === '' || keyTypeOf(key) !== keyType) return undefined
  return { kind, key, keyType, ...place }
}

/** Not to know a file differs from a file that cannot be read: the latter may hold the key that has changed. */
async function readRecords(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return ''
    throw new AppError('ssh.known-hosts-unusable', `${file} cannot be read (${code}).`, { cause: error })
  }
}
