import type { ResolvedHost } from '../resolved-host.ts'
import { fingerprint, isCertificateType, keyTypeOf } from './fingerprint.ts'
import { recordName } from './host-name.ts'
import { type HostRecord, recordsOf } from './records.ts'

/** What known_hosts says about the key that a host shows. */
export type HostKeyVerdict =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'unknown'; readonly fingerprint: string; readonly keyType: string }
  | {
      readonly kind: 'changed'
      readonly fingerprint: string
      readonly keyType: string
      /** The keys on record, of whatever type. */
      readonly recorded: readonly RecordedKey[]
    }
  | { readonly kind: 'revoked'; readonly fingerprint: string; readonly file: string; readonly line: number }
  | {
      /** Only a certificate authority vouches for the host, or it shows a certificate. */
      readonly kind: 'unsupported'
      readonly keyType: string
      readonly authority: { readonly file: string; readonly line: number } | undefined
    }

export interface RecordedKey {
  readonly fingerprint: string
  readonly keyType: string
  readonly file: string
  readonly line: number
}

export async function checkHostKey({
  host,
  key,
}: {
  readonly host: ResolvedHost
  readonly key: Buffer
}): Promise<HostKeyVerdict> {
  const name = recordName(host)
  const records = await recordsOf(host, name)
  const keyType = keyTypeOf(key)
  const print = fingerprint(key)
  const revoked = records.find((record) => record.kind === 'revoked' && record.key.equals(key))
  if (revoked !== undefined) {
    return { kind: 'revoked', fingerprint: print, file: revoked.file, line: revoked.line }
  }
  const authority = records.find((record) => record.kind === 'authority')
  if (isCertificateType(keyType)) return { kind: 'unsupported', keyType, authority }
  const recorded = records.filter((record) => record.kind === 'key')
  if (recorded.some((record) => record.key.equals(key))) return { kind: 'trusted' }
  if (recorded.length > 0) {
    return { kind: 'changed', fingerprint: print, keyType, recorded: recorded.map(describe) }
  }
  if (authority !== undefined) return { kind: 'unsupported', keyType, authority }
  return checkWithoutPort(host, key, { kind: 'unknown', fingerprint: print, keyType })
}

/** Key types on record for a host, such as `ssh-rsa`: the ones to ask the server for. */
export async function knownKeyTypes(host: ResolvedHost): Promise<readonly string[]> {
  const name = recordName(host)
  const plainName = plainNameOf(host)
  const records = await recordsOf(host, name)
  const keys = (of: readonly HostRecord[]) => of.filter(({ kind }) => kind === 'key')
  const found = keys(records)
  const known = found.length > 0 || plainName === undefined ? found : keys(await recordsOf(host, plainName))
  return [...new Set(known.map(({ keyType }) => keyType))]
}

/** As ssh does: the same key on record for the host at port 22 is good for its other ports. */
async function checkWithoutPort(
  host: ResolvedHost,
  key: Buffer,
  otherwise: HostKeyVerdict,
): Promise<HostKeyVerdict> {
  const plainName = plainNameOf(host)
  if (plainName === undefined) return otherwise
  const records = await recordsOf(host, plainName)
  const revoked = records.find((record) => record.kind === 'revoked' && record.key.equals(key))
  if (revoked !== undefined) {
    return { kind: 'revoked', fingerprint: fingerprint(key), file: revoked.file, line: revoked.line }
  }
  const isKnown = records.some((record) => record.kind === 'key' && record.key.equals(key))
  return isKnown ? { kind: 'trusted' } : otherwise
}

function plainNameOf(host: ResolvedHost): string | undefined {
  const plainName = host.hostName.toLowerCase()
  return host.hostKeyAlias !== undefined || recordName(host) === plainName ? undefined : plainName
}

function describe({ key, keyType, file, line }: HostRecord): RecordedKey {
  return { fingerprint: fingerprint(key), keyType, file, line }
}
