import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/errors/app-error.ts'
import { writeFileAtomic } from '../atomic-file.ts'
import { type CertificateFacts, certificateFacts, parseCertificate, unreadable } from './expiry.ts'
import { type AuthorityFolder, saving } from './folder.ts'
import { type CertificateKind, readIdentity } from './names.ts'

/** A certificate that the authority signed. */
export interface Signed {
  readonly sequence: number
  readonly kind: CertificateKind
  readonly name: string
  readonly facts: CertificateFacts
  readonly pem: string
  /** Milliseconds since the Unix epoch. */
  readonly revokedAt: number | undefined
}

const FILE = /^(\d+)\.pem$/

/**
 * Everything that was ever signed, oldest first.
 *
 * @throws AppError `certs.invalid`: what cannot be read could not be revoked either
 */
export async function readRecord({ record }: AuthorityFolder, now: number): Promise<readonly Signed[]> {
  const files = await readdir(record).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw unreadable(record, cause)
  })
  const numbers = files.flatMap((file) => FILE.exec(file)?.[1] ?? [])
  const signed = await Promise.all(numbers.map((number) => readSigned(record, number, now)))
  return signed.toSorted((a, b) => a.sequence - b.sequence)
}

async function readSigned(record: string, number: string, now: number): Promise<Signed> {
  const path = join(record, `${number}.pem`)
  const pem = (await readOptional(path)) ?? ''
  const facts = certificateFacts(parseCertificate(path, pem), now)
  const identity = readIdentity(facts.names)
  if (identity === undefined) throw new AppError('certs.invalid', `${path} has no identity of ours.`)
  const revoked = await readOptional(join(record, `${number}.revoked`))
  return {
    ...{ sequence: Number(number), ...identity, facts, pem },
    revokedAt: revoked === undefined ? undefined : sinceWhen(revoked, facts),
  }
}

/** An unreadable date still means that it is revoked. */
function sinceWhen(text: string, { notBefore }: CertificateFacts): number {
  const time = Date.parse(text.trim())
  return Number.isNaN(time) ? notBefore : time
}

async function readOptional(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw unreadable(path, cause)
  })
}

/** To be done before a certificate is handed out, so that there is none that cannot be revoked. */
export async function addToRecord(
  { record }: AuthorityFolder,
  earlier: readonly Signed[],
  pem: string,
): Promise<{ readonly remove: () => Promise<void> }> {
  const path = recordFile(record, (earlier.at(-1)?.sequence ?? 0) + 1, 'pem')
  await saving(path, () => writeFileAtomic(path, pem))
  return { remove: () => rm(path, { force: true }) }
}

export async function markRevoked(
  { record }: AuthorityFolder,
  { sequence }: Signed,
  now: number,
): Promise<void> {
  const path = recordFile(record, sequence, 'revoked')
  await saving(path, () => writeFileAtomic(path, `${new Date(now).toISOString()}\n`))
}

function recordFile(record: string, sequence: number, end: string): string {
  return join(record, `${String(sequence).padStart(4, '0')}.${end}`)
}

/** What each name has now: the newest that was signed for it. */
export function currentOf(signed: readonly Signed[]): readonly Signed[] {
  const newest = new Map(signed.map((one) => [one.name, one]))
  return [...newest.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** @throws AppError `certs.missing`, with the names that there are */
export function currentOfName(signed: readonly Signed[], name: string): Signed {
  const current = currentOf(signed)
  const found = current.find((one) => one.name === name)
  if (found !== undefined) return found
  throw noSuchName(
    name,
    current.map((one) => one.name),
  )
}

/** `certs.missing` */
export function noSuchName(name: string, names: readonly string[]): AppError {
  return new AppError('certs.missing', `No certificate was issued to ${JSON.stringify(name)}.`, {
    remedy:
      names.length === 0
        ? 'None was issued yet; "sovereign certs issue" makes one.'
        : `There ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}.`,
  })
}
