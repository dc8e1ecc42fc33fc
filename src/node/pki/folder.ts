import { join } from 'node:path'
import { AppError } from '../../shared/errors/app-error.ts'

/**
 * What an authority keeps.
 *
 *   ca.pem ca.key crl.pem
 *   issued/NAME/{cert,key}.pem     what NAME has now
 *   issued/NAME/request.csr        in place of key.pem: the key is where this request was made
 *   issued/NAME/next/              a renewal that is whole and only has to be moved into place
 *   record/0007.pem                every certificate that was ever signed, in their order
 *   record/0007.revoked            since when that one is revoked
 */
export interface AuthorityFolder {
  readonly dir: string
  readonly ca: string
  readonly key: string
  readonly crl: string
  readonly issued: string
  readonly record: string
}

export function authorityFolder(dir: string): AuthorityFolder {
  return {
    dir,
    ca: join(dir, 'ca.pem'),
    key: join(dir, 'ca.key'),
    crl: join(dir, 'crl.pem'),
    issued: join(dir, 'issued'),
    record: join(dir, 'record'),
  }
}

export interface PairFiles {
  readonly dir: string
  readonly cert: string
  readonly key: string
  /** There only where the key is not. */
  readonly request: string
}

/** The certificate and the key of one name. */
export function pairFiles(dir: string): PairFiles {
  return { dir, cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem'), request: join(dir, 'request.csr') }
}

/**
 * Says in words what keeps files from being written.
 *
 * @throws AppError `certs.unwritable`
 */
export async function saving<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof AppError || !(cause instanceof Error) || !('code' in cause)) throw cause
    throw new AppError('certs.unwritable', `${where} cannot be written: ${reason(String(cause.code))}.`, {
      cause,
    })
  }
}

function reason(code: string): string {
  return REASONS[code] ?? code
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota of this user is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file is in its place',
  ENAMETOOLONG: 'the path is too long',
}
