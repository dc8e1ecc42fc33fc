import { readFile } from 'node:fs/promises'
import { AppError } from '../../shared/errors/app-error.ts'
import { DAY_MS } from '../../shared/util/days.ts'
import { writeFileAtomic } from '../atomic-file.ts'
import type { Authority } from './authority.ts'
import { unreadable } from './expiry.ts'
import { type AuthorityFolder, saving } from './folder.ts'
import {
  CLOCK_LEEWAY_MS,
  makeRevocationList,
  type RevocationList,
  readRevocationList,
} from './make-certificate.ts'
import type { Signed } from './record.ts'

/** Past its end, a list lets nobody in any more (OpenSSL: "CRL has expired"), so it outlives what it is about. */
const LIFE_DAYS = 120
const OUTLIVES_DAYS = 30

/** Signs the list anew from the record, with the next number. */
export async function writeRevocationList(
  { facts, folder, signer }: Authority,
  signed: readonly Signed[],
  now: number,
): Promise<RevocationList> {
  const lastEnd = Math.max(0, ...signed.map((one) => one.facts.notAfter))
  const list: RevocationList = {
    number: await nextNumber(folder, signed.length === 0, now),
    thisUpdate: now - CLOCK_LEEWAY_MS,
    nextUpdate: Math.min(
      Math.max(now + LIFE_DAYS * DAY_MS, lastEnd + OUTLIVES_DAYS * DAY_MS),
      facts.notAfter,
    ),
    revoked: signed.flatMap(({ facts: { serial }, revokedAt }) =>
      revokedAt === undefined ? [] : [{ serial, at: revokedAt }],
    ),
  }
  const pem = await makeRevocationList(signer, list)
  await saving(folder.crl, () => writeFileAtomic(folder.crl, pem))
  return list
}

/** A list that is lost is followed by one with the seconds since 1970: more than there can have been lists. */
async function nextNumber({ crl }: AuthorityFolder, isFirst: boolean, now: number): Promise<bigint> {
  try {
    return readRevocationList(await readFile(crl, 'utf8')).number + 1n
  } catch {
    // Missing or damaged: it is made from the record, and only its number was kept nowhere else.
    return isFirst ? 1n : BigInt(Math.floor(now / 1000))
  }
}

/** @throws AppError `certs.invalid` */
export async function viewRevocationList({ crl }: AuthorityFolder): Promise<RevocationList> {
  const pem = await readFile(crl, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw unreadable(crl, cause)
    throw new AppError('certs.invalid', `${crl} does not exist.`, { cause, remedy: REMAKE })
  })
  try {
    return readRevocationList(pem)
  } catch (cause) {
    throw new AppError('certs.invalid', `${crl} is no revocation list.`, { cause, remedy: REMAKE })
  }
}

const REMAKE = 'Run "sovereign certs crl" to write it anew.'
