import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync } from 'node:crypto'

/**
 * Faster packets for AES-GCM (RFC 5647). ssh2 makes a cipher object per packet from raw bytes of the key, which costs
 * about 11 µs with OpenSSL 3; from a `KeyObject` it is 1 µs. Keys, nonces and counters stay those of the ssh2 objects
 * that are sped up.
 *
 * Frame: length (4, plain, authenticated) ∥ encrypted padding length, payload, padding ∥ tag.
 */

/** The fields of ssh2's AESGCMCipherNative that are used here; its compiled variant, if there is one, is fast. */
interface Ssh2Cipher {
  outSeqno: number
  readonly _dead: boolean
  readonly _encSSLName: string
  readonly _encKey: Buffer
  /** The next nonce; counted up in place. */
  readonly _encIV: Buffer
  readonly _onWrite: (data: Buffer) => void
  allocPacket(payloadLength: number): Buffer
  encrypt(packet: Buffer): void
}

/** The fields of ssh2's AESGCMDecipherNative that are used here. */
interface Ssh2Decipher {
  inSeqno: number
  readonly _decipherSSLName: string
  readonly _decipherKey: Buffer
  readonly _decipherIV: Buffer
  readonly _lenBytes: number
  readonly _onPayload: (payload: Buffer) => undefined | false | number
  decrypt(data: Buffer, position: number, length: number): number | undefined
}

type GcmName = 'aes-128-gcm' | 'aes-256-gcm'

const LENGTH = 4
const TAG = 16
const AES_BLOCK = 16
/** ssh2's own bound; RFC 4253, section 6.1 asks for at least 35,000. */
const MAX_PACKET = 35_000
const JOINED_UP_TO = 4096

/** @returns whether it is AES-GCM; anything else is left as it is. */
export function speedUpCipher(object: object): boolean {
  const cipher = object as Ssh2Cipher
  const name = cipher._encSSLName
  if (!isGcm(name)) return false
  const key = createSecretKey(cipher._encKey)
  const nonce = cipher._encIV
  const padding = new RandomBytes()
  /** For one packet: ssh2 has each of them encrypted before it asks for the next. */
  const scratch = Buffer.allocUnsafe(LENGTH + MAX_PACKET)

  cipher.allocPacket = (payloadLength) => {
    let paddingLength = AES_BLOCK - ((payloadLength + 1) % AES_BLOCK)
    if (paddingLength < 4) paddingLength += AES_BLOCK
    const length = LENGTH + 1 + payloadLength + paddingLength
    const packet = length <= scratch.length ? scratch.subarray(0, length) : Buffer.allocUnsafe(length)
    packet.writeUInt32BE(1 + payloadLength + paddingLength, 0)
    packet[LENGTH] = paddingLength
    padding.fill(packet, LENGTH + 1 + payloadLength, paddingLength)
    return packet
  }

  cipher.encrypt = (packet) => {
    if (cipher._dead) return
    const seal = createCipheriv(name, key, nonce)
    const length = packet.subarray(0, LENGTH)
    seal.setAAD(length)
    const encrypted = seal.update(packet.subarray(LENGTH))
    seal.final()
    writeFrame(cipher, Buffer.from(length), encrypted, seal.getAuthTag())
    countUp(nonce)
    cipher.outSeqno = (cipher.outSeqno + 1) >>> 0
  }
  return true
}

/** @returns whether it is AES-GCM; anything else is left as it is. */
export function speedUpDecipher(object: object): boolean {
  const decipher = object as Ssh2Decipher
  const name = decipher._decipherSSLName
  // In the middle of a packet ssh2 has to finish it itself.
  if (!isGcm(name) || decipher._lenBytes !== 0) return false
  const key = createSecretKey(decipher._decipherKey)
  const nonce = decipher._decipherIV
  /** A frame that came in pieces, and how much of it is there. */
  const pieces = Buffer.allocUnsafe(LENGTH + MAX_PACKET + TAG)
  let filled = 0

  function open(frame: Buffer): Buffer {
    const end = frame.length - TAG
    const unseal = createDecipheriv(name as GcmName, key, nonce)
    unseal.setAAD(frame.subarray(0, LENGTH))
    unseal.setAuthTag(frame.subarray(end))
    const packet = unseal.update(frame.subarray(LENGTH, end))
    unseal.final()
    countUp(nonce)
    decipher.inSeqno = (decipher.inSeqno + 1) >>> 0
    const paddingLength = packet[0] ?? 0
    if (paddingLength + 1 > packet.length) throw new Error('Bad padding length')
    return packet.subarray(1, packet.length - paddingLength)
  }

  /** Adds to `pieces` until they hold `wanted` bytes. @returns where to go on in `data`. */
  function collect(data: Buffer, position: number, end: number, wanted: number): number {
    const take = Math.max(0, Math.min(wanted - filled, end - position))
    data.copy(pieces, filled, position, position + take)
    filled += take
    return position + take
  }

  decipher.decrypt = (data, position, end) => {
    let next = position
    while (next < end) {
      let frame: Buffer | undefined
      if (filled === 0 && end - next >= LENGTH) {
        const length = frameLength(data, next)
        if (length <= end - next) {
          frame = data.subarray(next, next + length)
          next += length
        }
      }
      if (frame === undefined) {
        next = collect(data, next, end, LENGTH)
        if (filled < LENGTH) return undefined
        const length = frameLength(pieces, 0)
        next = collect(data, next, end, length)
        if (filled < length) return undefined
        frame = pieces.subarray(0, length)
        filled = 0
      }
      const result = decipher._onPayload(open(frame))
      if (result !== undefined) return result === false ? next : result
    }
    return undefined
  }
  return true
}

/** Copying a small frame together costs less than two further writes, and copying a large one costs more. */
function writeFrame(cipher: Ssh2Cipher, length: Buffer, encrypted: Buffer, tag: Buffer): void {
  if (encrypted.length <= JOINED_UP_TO) cipher._onWrite(Buffer.concat([length, encrypted, tag]))
  else for (const part of [length, encrypted, tag]) cipher._onWrite(part)
}

function isGcm(name: string | undefined): name is GcmName {
  return name === 'aes-128-gcm' || name === 'aes-256-gcm'
}

function frameLength(data: Buffer, position: number): number {
  const length = data.readUInt32BE(position)
  if (length > MAX_PACKET || length < AES_BLOCK || length % AES_BLOCK !== 0)
    throw new Error('Bad packet length')
  return LENGTH + length + TAG
}

/** RFC 5647, section 7.1: four fixed bytes and a counter of eight, which wraps. */
function countUp(nonce: Buffer): void {
  for (let index = 11; index >= 4; index -= 1) {
    const next = ((nonce[index] ?? 0) + 1) & 0xff
    nonce[index] = next
    if (next !== 0) return
  }
}

/** Random padding without a system call per packet. */
class RandomBytes {
  private readonly pool = Buffer.alloc(4096)
  private next = this.pool.length

  fill(target: Buffer, offset: number, length: number): void {
    if (this.next + length > this.pool.length) {
      randomFillSync(this.pool)
      this.next = 0
    }
    this.pool.copy(target, offset, this.next, this.next + length)
    this.next += length
  }
}
