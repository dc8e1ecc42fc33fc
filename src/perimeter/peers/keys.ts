import { generateKeyPairSync } from 'node:crypto'

/** A pair of Curve25519 keys in the form of wg(8). */
export interface KeyPair {
  readonly privateKey: string
  readonly publicKey: string
}

export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
  const open = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const pair = { privateKey: clamp(secret).toString('base64'), publicKey: open.toString('base64') }
  secret.fill(0)
  return pair
}

/** The bits that every use of the key sets anyhow (RFC 7748 section 5), as wg writes them. */
function clamp(key: Buffer): Buffer {
  key.writeUInt8(key.readUInt8(0) & 248, 0)
  key.writeUInt8((key.readUInt8(31) & 127) | 64, 31)
  return key
}
