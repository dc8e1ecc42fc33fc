import { createDecipheriv, hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import bcrypt from 'bcrypt-pbkdf'
import { type ParsedPrivateKey, parsePrivateKey } from './private-key.ts'
import { packString, packUint32, WireReader } from './wire.ts'

/**
 * Opens a key with its passphrase without standing in the way of anything else: the derivation that OpenSSH's format
 * slows down on purpose (0.2 to 1.4 s) is done in many turns. Other formats are derived fast and opened at once.
 */
export async function openLockedKey(text: string, passphrase: string): Promise<ParsedPrivateKey> {
  const file = readFile(text)
  if (file === undefined) return parsePrivateKey(text, passphrase)
  const derived = await derive(passphrase, file)
  const secret = decrypt(file, derived)
  // Two equal numbers at the start are how this format tells a wrong passphrase.
  if (secret === undefined || !secret.subarray(0, 4).equals(secret.subarray(4, 8)))
    return { kind: 'wrong-passphrase' }
  return parsePrivateKey(unlocked(file.publicKey, secret))
}

interface LockedFile {
  readonly cipher: string
  readonly keyLength: number
  readonly salt: Buffer
  readonly rounds: number
  readonly publicKey: Buffer
  readonly secret: Buffer
}

const ARMOUR = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/
const MAGIC = Buffer.from('openssh-key-v1\0')
const NONCE_LENGTH = 16
const HASH_LENGTH = 32

/** @returns undefined for anything that ssh-keygen does not write by itself; PROTOCOL.key describes the format. */
function readFile(text: string): LockedFile | undefined {
  const bytes = Buffer.from(ARMOUR.exec(text)?.[1] ?? '', 'base64')
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  try {
    const reader = new WireReader(bytes.subarray(MAGIC.length))
    const cipher = /^aes(128|192|256)-(ctr|cbc)$/.exec(reader.text())
    const derivation = reader.text()
    const options = reader.string()
    const keys = reader.uint32()
    if (cipher === null || derivation !== 'bcrypt' || keys !== 1) return undefined
    const optionReader = new WireReader(options)
    return {
      cipher: `aes-${cipher[1]}-${cipher[2]}`,
      keyLength: Number(cipher[1]) / 8,
      salt: optionReader.string(),
      rounds: optionReader.uint32(),
      publicKey: reader.string(),
      secret: reader.string(),
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** bcrypt_pbkdf(3): every block of output is spread over the whole, a byte at every `stride`. */
async function derive(passphrase: string, { keyLength, rounds, salt }: LockedFile): Promise<Buffer> {
  const derived = Buffer.alloc(keyLength + NONCE_LENGTH)
  const stride = Math.ceil(derived.length / HASH_LENGTH)
  const password = hash('sha512', Buffer.from(passphrase), 'buffer')
  for (let count = 1; count <= stride; count += 1) {
    const block = Buffer.alloc(HASH_LENGTH)
    const output = Buffer.alloc(HASH_LENGTH)
    let input: Buffer = Buffer.concat([salt, packUint32(count)])
    for (let round = 0; round < rounds; round += 1) {
      bcrypt.hash(password, hash('sha512', input, 'buffer'), output)
      for (const [index, byte] of output.entries()) block[index] = (block[index] ?? 0) ^ byte
      input = output
      await nextTurn()
    }
    for (let to = count - 1, from = 0; to < derived.length; to += stride, from += 1)
      derived[to] = block[from] ?? 0
  }
  return derived
}

function decrypt({ cipher, keyLength, secret }: LockedFile, derived: Buffer): Buffer | undefined {
  try {
    const decipher = createDecipheriv(cipher, derived.subarray(0, keyLength), derived.subarray(keyLength))
    decipher.setAutoPadding(false)
    return Buffer.concat([decipher.update(secret), decipher.final()])
  } catch {
    return undefined // Not a whole number of blocks: the file is damaged.
  }
}

/** The same key as a file without a passphrase. */
function unlocked(publicKey: Buffer, secret: Buffer): string {
  const none = packString('none')
  const body = [MAGIC, none, none, packString(''), packUint32(1), packString(publicKey), packString(secret)]
  const lines =
    Buffer.concat(body)
      .toString('base64')
      .match(/.{1,70}/g) ?? []
  const [begin, end] = ['BEGIN', 'END'].map((word) => `-----${word} OPENSSH PRIVATE KEY-----`)
  return [begin, ...lines, end, ''].join('\n')
}
