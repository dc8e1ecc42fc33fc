import { type AuthorityView, viewAuthority } from './authority.ts'
import { type CertificateFacts, isoDate } from './expiry.ts'
import type { PairFiles } from './folder.ts'
import type { RevocationList } from './make-certificate.ts'
import { type CertificateKind, identityOf } from './names.ts'
import { pairFault, pairOf } from './pair.ts'
import { isThere } from './read-files.ts'
import { currentOf, noSuchName, readRecord, type Signed } from './record.ts'
import { viewRevocationList } from './revocation-list.ts'

export interface OverviewRow {
  readonly name: string
  readonly kind: CertificateKind
  readonly identity: string
  readonly facts: CertificateFacts
  readonly revokedAt: number | undefined
  readonly files: PairFiles
  /** It never was here: the certificate was issued on a request. */
  readonly isKeyElsewhere: boolean
  /** What is wrong with its files. */
  readonly fault: string | undefined
}

export interface Overview {
  readonly authority: AuthorityView
  readonly list: RevocationList
  readonly rows: readonly OverviewRow[]
}

/** What an authority has issued, by name; changes nothing. */
export async function overviewOf(dir: string, now: number): Promise<Overview> {
  const authority = await viewAuthority(dir, now)
  const list = await viewRevocationList(authority.folder)
  const current = currentOf(await readRecord(authority.folder, now))
  return { authority, list, rows: await Promise.all(current.map((one) => rowOf(authority, one))) }
}

async function rowOf(
  { folder }: AuthorityView,
  { facts, kind, name, pem, revokedAt }: Signed,
): Promise<OverviewRow> {
  const files = pairOf(folder, name)
  return {
    ...{ name, kind, identity: identityOf(kind, name), facts, files, revokedAt },
    isKeyElsewhere: await isThere(files.request),
    fault: revokedAt === undefined ? await pairFault(folder, name, pem) : undefined,
  }
}

/** `valid`, `ends in 12 days`, `expired`, `revoked on 2026-11-21`, … */
export function rowState({ facts, fault, revokedAt }: OverviewRow): string {
  if (revokedAt !== undefined) return `revoked on ${isoDate(revokedAt)}`
  if (facts.state === 'expired') return 'expired'
  if (fault !== undefined) return `BROKEN: ${fault}`
  if (facts.state === 'not-yet') return 'not valid yet; check the clock'
  return facts.state === 'ends-soon' ? 'ends soon' : 'valid'
}

/** @throws AppError `certs.missing`, with the names that there are */
export function rowOfName({ rows }: Overview, name: string): OverviewRow {
  const row = rows.find((one) => one.name === name)
  if (row === undefined)
    throw noSuchName(
      name,
      rows.map((one) => one.name),
    )
  return row
}

/** For machines: times are ISO 8601, in UTC. */
export function overviewJson(overview: Overview, name: string | undefined): unknown {
  if (name !== undefined) return rowJson(rowOfName(overview, name))
  const { authority, list, rows } = overview
  return {
    authority: {
      dir: authority.folder.dir,
      name: authority.facts.commonName,
      ...factsJson(authority.facts),
    },
    revocationList: {
      file: authority.folder.crl,
      number: String(list.number),
      nextUpdate: iso(list.nextUpdate),
      revoked: list.revoked.map(({ at, serial }) => ({ serial, at: iso(at) })),
    },
    certificates: rows.map(rowJson),
  }
}

function rowJson(row: OverviewRow): unknown {
  const { facts, fault, files, identity, isKeyElsewhere, kind, name, revokedAt } = row
  return {
    ...{ name, kind, identity, names: facts.names, ...factsJson(facts) },
    state: revokedAt === undefined ? facts.state : 'revoked',
    revokedAt: revokedAt === undefined ? null : iso(revokedAt),
    fault: fault ?? null,
    files: { cert: files.cert, key: isKeyElsewhere ? null : files.key },
  }
}

function factsJson({ daysLeft, fingerprint, notAfter, notBefore, serial }: CertificateFacts) {
  return { notBefore: iso(notBefore), notAfter: iso(notAfter), daysLeft, serial, fingerprint }
}

function iso(time: number): string | null {
  return Number.isFinite(time) ? new Date(time).toISOString() : null
}
