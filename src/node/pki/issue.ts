import { AppError } from '../../shared/errors/app-error.ts'
import { DAY_MS } from '../../shared/util/days.ts'
import type { Authority } from './authority.ts'
import { changeAuthority } from './change-authority.ts'
import { type CertificateFacts, certificateFacts, isoDate, parseCertificate } from './expiry.ts'
import type { PairFiles } from './folder.ts'
import { CLOCK_LEEWAY_MS, keyPem, makeKeyPair, makeLeafCertificate } from './make-certificate.ts'
import type { CertificateRequest } from './make-request.ts'
import {
  aKind,
  allNames,
  type CertificateKind,
  checkedName,
  identityOf,
  parseSubjectName,
  type SubjectName,
} from './names.ts'
import { putPair } from './pair.ts'
import { addToRecord, currentOf, currentOfName, type Signed } from './record.ts'
import { refuseKeyElsewhere, refuseKnownKey, refuseOtherKind } from './request-rules.ts'

/** Longer ones are refused by Apple's TLS; see https://support.apple.com/HT210176. */
export const MAX_DAYS = 825

export interface IssueWish {
  readonly name: string
  readonly kind: CertificateKind
  readonly days: number
  /** As `--san` takes them, beside the identity and the name. */
  readonly extraNames: readonly string[]
  /** Of whoever has made a key already; nothing but that is taken from it. */
  readonly request?: CertificateRequest | undefined
}

export interface Issued {
  readonly name: string
  readonly kind: CertificateKind
  readonly identity: string
  readonly facts: CertificateFacts
  readonly files: PairFiles
  /** It was made, and stays, where the request comes from. */
  readonly isKeyElsewhere: boolean
}

/** Makes a key and a certificate for a name that has none, or whose certificates are all revoked. */
export async function issueCertificate(dir: string, wish: IssueWish, now: number): Promise<Issued> {
  const name = checkedName(wish.name)
  const names = allNames(wish.kind, name, wish.extraNames.map(parseSubjectName))
  if (wish.request !== undefined) refuseOtherKind(wish.request, wish.kind)
  return changeAuthority(dir, now, async (authority, signed) => {
    refuseTaken(name, signed, wish.request !== undefined)
    refuseShared({ name, kind: wish.kind, names }, signed)
    const { kind, request } = wish
    return sign(authority, signed, { name, kind, names, days: checkedDays(wish.days), request }, now)
  })
}

export interface RenewWish {
  readonly name: string
  /** As long as the last one where it is not said. */
  readonly days: number | undefined
  readonly request?: CertificateRequest | undefined
}

export interface Renewed extends Issued {
  /** Of the certificate that is followed; it goes on being valid until its own end. */
  readonly before: CertificateFacts
}

/** Makes a new key and a new certificate with the names and, unless told otherwise, the length of the last one. */
export async function renewCertificate(
  dir: string,
  { days, name, request }: RenewWish,
  now: number,
): Promise<Renewed> {
  return changeAuthority(dir, now, async (authority, signed) => {
    const last = currentOfName(signed, name)
    if (last.revokedAt !== undefined)
      throw new AppError('certs.invalid', `${name} was revoked on ${isoDate(last.revokedAt)}.`, {
        remedy: `If it is to be let in again, issue anew: "sovereign certs issue ${name} --${last.kind}".`,
      })
    if (request === undefined) await refuseKeyElsewhere(authority, name)
    else refuseOtherKind(request, last.kind)
    const { names, notAfter, notBefore } = last.facts
    const lastDays = Math.max(1, Math.round((notAfter - notBefore) / DAY_MS))
    const wish = { name, kind: last.kind, names, days: checkedDays(days ?? lastDays), request }
    return { ...(await sign(authority, signed, wish, now)), before: last.facts }
  })
}

interface SignWish {
  readonly name: string
  readonly kind: CertificateKind
  readonly names: readonly SubjectName[]
  readonly days: number
  readonly request: CertificateRequest | undefined
}

async function sign(
  authority: Authority,
  signed: readonly Signed[],
  { days, kind, name, names, request }: SignWish,
  now: number,
): Promise<Issued> {
  if (request !== undefined) refuseKnownKey(request, name, authority, signed)
  const {
    facts: { notAfter: lastDay },
    folder,
    signer,
  } = authority
  const { held, publicKey } = await keyOf(request)
  const cert = await makeLeafCertificate(signer, {
    ...{ kind, commonName: name, names, publicKey },
    notBefore: now - CLOCK_LEEWAY_MS,
    // Nobody would accept it for longer than the authority itself.
    notAfter: Math.min(now + days * DAY_MS, lastDay),
  })
  const entry = await addToRecord(folder, signed, cert)
  const files = await putPair(folder, name, { cert, ...held }).catch(async (error: unknown) => {
    // Nobody has got it.
    await entry.remove()
    throw error
  })
  const facts = certificateFacts(parseCertificate(files.cert, cert), now)
  const isKeyElsewhere = request !== undefined
  return { name, kind, identity: identityOf(kind, name), facts, files, isKeyElsewhere }
}

async function keyOf(request: CertificateRequest | undefined) {
  if (request !== undefined) return { publicKey: request.publicKey, held: { request: request.pem } }
  const keys = await makeKeyPair()
  return { publicKey: keys.publicKey, held: { key: keyPem(keys) } }
}

function refuseTaken(name: string, signed: readonly Signed[], isRequested: boolean): void {
  const taken = currentOf(signed).find((one) => one.name === name)
  if (taken === undefined || taken.revokedAt !== undefined) return
  const { facts, kind } = taken
  const until = `${facts.state === 'expired' ? 'until' : 'valid until'} ${isoDate(facts.notAfter)}`
  throw new AppError('certs.exists', `${name} already has a certificate as ${aKind(kind)}, ${until}.`, {
    remedy: isRequested
      ? `Two never share a name. If this is the same machine with a new key: "sovereign certs renew ${name} --request FILE".`
      : `Choose another name: two never share one. To make its files anew, run "sovereign certs renew ${name}".`,
  })
}

/** A server may tell agents apart by any of their names. */
function refuseShared(
  { kind, name, names }: Omit<SignWish, 'days' | 'request'>,
  signed: readonly Signed[],
): void {
  if (kind !== 'agent') return
  for (const other of currentOf(signed)) {
    if (other.kind !== 'agent' || other.name === name || other.revokedAt !== undefined) continue
    const shared = other.facts.names.find((theirs) =>
      names.some(({ type, value }) => type === theirs.type && value === theirs.value),
    )
    if (shared !== undefined)
      throw new AppError('certs.exists', `${shared.value} is a name of the agent ${other.name}.`, {
        remedy: 'Give this agent names of its own.',
      })
  }
}

function checkedDays(days: number): number {
  if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) return days
  throw new AppError('certs.request-invalid', `A certificate is for 1 to ${MAX_DAYS} days.`, {
    remedy: 'Say --days 90, and renew it before it ends.',
  })
}
