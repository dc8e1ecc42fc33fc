import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
// Node finds no named export `utils` in this CommonJS package.
import ssh2 from 'ssh2'
import type { RsaHash, Signature } from './signature.ts'
import { packNumber, packString, WireReader } from './wire.ts'

/** A private key that is open; the secret stays inside the KeyObject. */
export interface PrivateKey {
  readonly blob: Buffer
  sign(data: Buffer, hash: RsaHash): Signature
}

export type ParsedPrivateKey =
  | { readonly kind: 'key'; readonly key: PrivateKey }
  | { readonly kind: 'locked' }
  | { readonly kind: 'wrong-passphrase' }
  | { readonly kind: 'unusable'; readonly reason: string }

const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/
const OPENSSH_MAGIC = 'openssh-key-v1\0'

export function isPrivateKey(text: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || text.startsWith('PuTTY-User-Key-File-')
}

/** Reads OpenSSH, PEM, PKCS #8 and PuTTY (version 2) files. */
export function parsePrivateKey(text: string, passphrase?: string): ParsedPrivateKey {
  const isLocked = needsPassphrase(text)
  if (isLocked && passphrase === undefined) return { kind: 'locked' }
  try {
    return describeKey(openKey(text, passphrase))
  } catch (error) {
    if (isLocked) return { kind: 'wrong-passphrase' }
    return { kind: 'unusable', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** OpenSSH's own format shows its public half to everybody. */
export function publicHalf(text: string): Buffer | undefined {
  return readOpenSshHeader(text)?.publicKey
}

function needsPassphrase(text: string): boolean {
  const header = readOpenSshHeader(text)
  if (header !== undefined) return header.cipher !== 'none'
  return /-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED|^Encryption: (?!none)/m.test(text)
}

function readOpenSshHeader(text: string): { cipher: string; publicKey: Buffer } | undefined {
  const encoded = OPENSSH.exec(text)?.[1]
  if (encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.toString('latin1', 0, OPENSSH_MAGIC.length) !== OPENSSH_MAGIC) return undefined
  try {
    const reader = new WireReader(bytes.subarray(OPENSSH_MAGIC.length))
    const cipher = reader.text()
    // Name and options of the key derivation, and the number of keys, which is always one.
    reader.string()
    reader.string()
    reader.uint32()
    return { cipher, publicKey: reader.string() }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Node reads every PEM; the other formats go through ssh2. */
function openKey(text: string, passphrase: string | undefined): KeyObject {
  if (!OPENSSH.test(text) && !text.startsWith('PuTTY-')) {
    return createPrivateKey({ key: text, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) })
  }
  const parsed = ssh2.utils.parseKey(text, passphrase)
  if (parsed instanceof Error) throw parsed
  return createPrivateKey(parsed.getPrivatePEM())
}

function describeKey(key: KeyObject): ParsedPrivateKey {
  const jwk = key.export({ format: 'jwk' })
  const number = (text: string | undefined) => Buffer.from(text ?? '', 'base64url')
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    const algorithm = 'ssh-ed25519'
    return open(Buffer.concat([packString(algorithm), packString(number(jwk.x))]), (data) => ({
      algorithm,
      value: sign(null, data, key),
    }))
  }
  if (jwk.kty === 'RSA') {
    const blob = Buffer.concat([packString('ssh-rsa'), packNumber(number(jwk.e)), packNumber(number(jwk.n))])
    return open(blob, (data, hash) => ({ algorithm: RSA_ALGORITHMS[hash], value: sign(hash, data, key) }))
  }
  const curve = jwk.kty === 'EC' ? CURVES[jwk.crv ?? ''] : undefined
  if (curve === undefined)
    return { kind: 'unusable', reason: `its kind (${jwk.crv ?? jwk.kty}) is not used in SSH` }
  const algorithm = `ecdsa-sha2-${curve.name}`
  const point = Buffer.concat([Buffer.from([4]), number(jwk.x), number(jwk.y)])
  return open(Buffer.concat([packString(algorithm), packString(curve.name), packString(point)]), (data) => {
    const pair = sign(curve.hash, data, { key, dsaEncoding: 'ieee-p1363' })
    const half = pair.length / 2
    return {
      algorithm,
      value: Buffer.concat([packNumber(pair.subarray(0, half)), packNumber(pair.subarray(half))]),
    }
  })
}

const RSA_ALGORITHMS: Readonly<Record<RsaHash, string>> = {
  sha1: 'ssh-rsa',
  sha256: 'rsa-sha2-256',
  sha512: 'rsa-sha2-512',
}

const CURVES: Readonly<Record<string, { readonly name: string; readonly hash: string }>> = {
  'P-256': { name: 'nistp256', hash: 'sha256' },
  'P-384': { name: 'nistp384', hash: 'sha384' },
  'P-521': { name: 'nistp521', hash: 'sha512' },
}

function open(
  blob: Buffer,
  signData: (data: Buffer, hash: RsaHash) => Omit<Signature, 'extra'>,
): ParsedPrivateKey {
  return {
    kind: 'key',
    key: { blob, sign: (data, hash) => ({ ...signData(data, hash), extra: Buffer.alloc(0) }) },
  }
}
