import { changeAuthority } from './change-authority.ts'
import type { AuthorityFolder } from './folder.ts'
import type { RevocationList } from './make-certificate.ts'
import type { CertificateKind } from './names.ts'
import { currentOfName, markRevoked } from './record.ts'
import { viewRevocationList } from './revocation-list.ts'

export interface Revoked {
  readonly kind: CertificateKind
  /** Certificates that were valid until now; none where all were revoked before. */
  readonly count: number
}

/** Refuses every certificate that a name ever got, also those before its renewals. */
export async function revokeName(dir: string, name: string, now: number): Promise<Revoked> {
  return changeAuthority(dir, now, async ({ folder }, signed) => {
    const { kind } = currentOfName(signed, name)
    const live = signed.filter((one) => one.name === name && one.revokedAt === undefined)
    for (const one of live) await markRevoked(folder, one, now)
    return { kind, count: live.length }
  })
}

/** Signs the list anew, so that its end moves on. */
export async function renewRevocationList(dir: string, now: number): Promise<RevocationList> {
  const folder = await changeAuthority<AuthorityFolder>(dir, now, async (authority) => authority.folder)
  return viewRevocationList(folder)
}
