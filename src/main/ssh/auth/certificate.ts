import { packString, WireReader } from './wire.ts'

/** How many fields a public key of each kind has behind its name (PROTOCOL.certkeys of OpenSSH). */
const FIELDS: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519': 2,
  'sk-ecdsa-sha2-nistp256': 3,
}

const SUFFIX = '-cert-v01@openssh.com'

/** The public key that a certificate is for, in wire format; undefined when this is no certificate we know. */
export function certifiedKey(certificate: Buffer): Buffer | undefined {
  try {
    const reader = new WireReader(certificate)
    const type = reader.text()
    if (!type.endsWith(SUFFIX)) return undefined
    const base = type.slice(0, -SUFFIX.length)
    const count = FIELDS[base]
    if (count === undefined) return undefined
    // A random value that stands in front of the key.
    reader.string()
    const fields = Array.from({ length: count }, () => packString(reader.string()))
    return Buffer.concat([packString(base.startsWith('sk-') ? `${base}@openssh.com` : base), ...fields])
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Reads `type base64 comment`, one key, as in `id_ed25519.pub`; undefined when it is something else. */
export function parsePublicKey(text: string): Buffer | undefined {
  const [type, encoded] = text.trim().split(/\s+/)
  if (type === undefined || encoded === undefined) return undefined
  const blob = Buffer.from(encoded, 'base64')
  try {
    return new WireReader(blob).text() === type ? blob : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
