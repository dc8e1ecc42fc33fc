import { createHash } from 'node:crypto'

/** `SHA256:` and unpadded base64, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The name at the start of a public key in wire format, such as `ssh-ed25519`; empty when there is none. */
export function keyTypeOf(key: Buffer): string {
  if (key.length < 4) return ''
  const length = key.readUInt32BE(0)
  return length > 0 && length <= 64 && 4 + length <= key.length ? key.toString('latin1', 4, 4 + length) : ''
}

export function isCertificateType(keyType: string): boolean {
  return keyType.includes('-cert-v0')
}
