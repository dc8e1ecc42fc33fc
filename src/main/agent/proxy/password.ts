import { createHash, timingSafeEqual } from 'node:crypto'

/** Who a program says it is, by the Basic scheme (RFC 7617). */
export interface PasswordCheck {
  isRight(proxyAuthorization: string | undefined): boolean
}

/** @param password `user:password`. */
export function createPasswordCheck(password: string): PasswordCheck {
  const expected = digest(Buffer.from(password))
  return {
    isRight(value = '') {
      const [, token = ''] = /^Basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(value) ?? []
      // Compared as digests, whose lengths are the same whatever was sent.
      return timingSafeEqual(digest(Buffer.from(token, 'base64')), expected) && token !== ''
    },
  }
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
