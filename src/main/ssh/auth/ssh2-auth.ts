import ssh2, { type Client, type ParsedKey } from 'ssh2'
import { keyTypeOf } from '../known-hosts/fingerprint.ts'
import type { RsaHash, Signature } from './signature.ts'
import { packString } from './wire.ts'

/**
 * ssh2 1.17 signs only with plain keys that it holds itself (synchronously), or through its agent client, which
 * leaves out certificates and loses the server's answer after a partial success (lib/client.js,
 * USERAUTH_FAILURE: `curAuth.type === 'agent'` returns before the methods left are stored). So a key of ours is
 * given to ssh2 as a `publickey` method, and the signed request (RFC 4252, section 7) is written here.
 * test/integration/ssh/identity-auth.test.ts fails when an update of ssh2 moves what this relies on.
 */
interface Ssh2AuthProtocol {
  authPK(user: string, key: unknown, algorithm: string | undefined, sign?: unknown): void
  readonly _kex: { readonly sessionID: Buffer }
  readonly _kexinit: unknown
  readonly _authsQueue: string[]
  _queue: Buffer[] | undefined
  readonly _cipher: { encrypt(packet: Buffer): void }
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number
      alloc(length: number): Buffer
      finalize(packet: Buffer): Buffer
    }
  }
}

/** A key as it is given to ssh2. */
export interface OfferedKey {
  readonly blob: Buffer
  sign(data: Buffer, hash: RsaHash): Promise<Signature>
  /** The server would take the key, but there is no signature. Another method has to be tried. */
  signingFailed(error: unknown): void
}

const MESSAGE_USERAUTH_REQUEST = 50
const offers = new WeakMap<object, OfferedKey>()

/** Lets ssh2 take `offer` for a private key of its own. */
export function toSsh2Key(offer: OfferedKey): ParsedKey {
  const key: ParsedKey = Object.create(anyPublicKey(), {
    type: { value: algorithmOf(keyTypeOf(offer.blob)) },
    getPublicSSH: { value: () => offer.blob },
    isPrivateKey: { value: () => true },
  })
  offers.set(key, offer)
  return key
}

/** Has to be called after `connect` on every client that is given such keys. */
export function signOfferedKeys(client: Client): void {
  const protocol = (client as unknown as { _protocol: Ssh2AuthProtocol })._protocol
  const authPK = protocol.authPK.bind(protocol)
  protocol.authPK = (user, key, algorithm, sign) => {
    const offer = typeof key === 'object' && key !== null ? offers.get(key) : undefined
    if (offer === undefined || sign === undefined) authPK(user, key, algorithm, sign)
    else void requestWithSignature(protocol, user, offer, algorithm)
  }
}

async function requestWithSignature(
  protocol: Ssh2AuthProtocol,
  user: string,
  offer: OfferedKey,
  negotiated: string | undefined,
): Promise<void> {
  const algorithm = negotiated ?? algorithmOf(keyTypeOf(offer.blob))
  const request = Buffer.concat([
    Buffer.from([MESSAGE_USERAUTH_REQUEST]),
    packString(user),
    packString('ssh-connection'),
    packString('publickey'),
    Buffer.from([1]),
    packString(algorithm),
    packString(offer.blob),
  ])
  try {
    const data = Buffer.concat([packString(protocol._kex.sessionID), request])
    const { algorithm: signedWith, value, extra } = await offer.sign(data, hashOf(algorithm))
    const signature = Buffer.concat([packString(signedWith), packString(value), extra])
    send(protocol, Buffer.concat([request, packString(signature)]))
  } catch (error) {
    offer.signingFailed(error)
  }
}

function send(protocol: Ssh2AuthProtocol, payload: Buffer): void {
  const { write } = protocol._packetRW
  // Read in this order: ssh2 does so too.
  const start = write.allocStart
  const packet = write.alloc(payload.length)
  packet.set(payload, start)
  protocol._authsQueue.push('publickey')
  const finished = write.finalize(packet)
  if (protocol._kexinit === undefined) protocol._cipher.encrypt(finished)
  else {
    protocol._queue ??= []
    protocol._queue.push(finished)
  }
}

/** RSA certificates are asked for with SHA-2; of plain RSA keys ssh2 negotiates the digest. */
function algorithmOf(keyType: string): string {
  return keyType === 'ssh-rsa-cert-v01@openssh.com' ? 'rsa-sha2-512-cert-v01@openssh.com' : keyType
}

function hashOf(algorithm: string): RsaHash {
  if (algorithm.startsWith('rsa-sha2-256')) return 'sha256'
  return algorithm === 'ssh-rsa' ? 'sha1' : 'sha512'
}

/** ssh2 knows its own keys by a private symbol, which an object made from one of them inherits. */
function anyPublicKey(): ParsedKey {
  const key = ssh2.utils.parseKey(Buffer.concat([packString('ssh-ed25519'), packString(Buffer.alloc(32))]))
  if (key instanceof Error) throw key
  return key
}
