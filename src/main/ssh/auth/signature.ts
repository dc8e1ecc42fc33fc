import { WireReader } from './wire.ts'

/** A signature of RFC 4253, section 6.6, in its parts. */
export interface Signature {
  readonly algorithm: string
  readonly value: Buffer
  /** What security keys add: flags and counter. */
  readonly extra: Buffer
}

/** Makes a signature; for RSA `hash` says with which digest. */
export type Sign = (data: Buffer, hash: RsaHash, signal: AbortSignal) => Promise<Signature>

export type RsaHash = 'sha1' | 'sha256' | 'sha512'

export function unpackSignature(bytes: Buffer): Signature {
  const reader = new WireReader(bytes)
  return { algorithm: reader.text(), value: reader.string(), extra: reader.rest() }
}
