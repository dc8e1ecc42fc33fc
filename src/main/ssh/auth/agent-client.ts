import { connect } from 'node:net'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { RsaHash, Signature } from './signature.ts'
import { unpackSignature } from './signature.ts'
import { packString, packUint32, WireReader } from './wire.ts'

/** A key that an agent holds: a public key or a certificate in wire format. */
export interface AgentKey {
  readonly blob: Buffer
  readonly comment: string
}

/** Messages of the agent protocol (draft-ietf-sshm-ssh-agent, section 6.1). */
const REQUEST_IDENTITIES = 11
const IDENTITIES_ANSWER = 12
const SIGN_REQUEST = 13
const SIGN_RESPONSE = 14

const RSA_FLAGS: Readonly<Record<RsaHash, number>> = { sha1: 0, sha256: 2, sha512: 4 }

/** Listing needs no person, so an agent that takes longer is broken. */
const LIST_TIMEOUT_MS = 5_000
const MAX_ANSWER_BYTES = 1 << 20

/**
 * Lists what an agent holds, in its order. Rejects with `ssh.agent-unavailable`.
 *
 * ssh2's own agent client is not used because it leaves out certificates and security keys without a word.
 */
export async function listAgentKeys(socketPath: string, signal: AbortSignal): Promise<readonly AgentKey[]> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(LIST_TIMEOUT_MS)])
  const answer = await request(socketPath, Buffer.from([REQUEST_IDENTITIES]), deadline)
  const reader = new WireReader(answer)
  if (reader.byte() !== IDENTITIES_ANSWER) throw unavailable(socketPath, 'it does not list its keys')
  const keys: AgentKey[] = []
  for (let left = reader.uint32(); left > 0; left--)
    keys.push({ blob: reader.string(), comment: reader.text() })
  return keys
}

/** Takes as long as the agent does, because it may ask its user. */
export async function signWithAgent(
  socketPath: string,
  { blob, data, hash }: { readonly blob: Buffer; readonly data: Buffer; readonly hash: RsaHash },
  signal: AbortSignal,
): Promise<Signature> {
  const message = Buffer.concat([
    Buffer.from([SIGN_REQUEST]),
    packString(blob),
    packString(data),
    packUint32(RSA_FLAGS[hash]),
  ])
  const reader = new WireReader(await request(socketPath, message, signal))
  if (reader.byte() !== SIGN_RESPONSE) throw unavailable(socketPath, 'it refused to sign')
  return unpackSignature(reader.string())
}

/** One request on a connection of its own; the answer without its length. */
function request(socketPath: string, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath })
    let received = Buffer.alloc(0)
    const abort = () => finish(() => reject(unavailable(socketPath, 'it did not answer in time')))
    const finish = (settle: () => void) => {
      signal.removeEventListener('abort', abort)
      socket.destroy()
      settle()
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(() => reject(unavailable(socketPath, error.code ?? error.message))),
    )
    socket.on('close', () => finish(() => reject(unavailable(socketPath, 'it closed the connection'))))
    socket.on('data', (data) => {
      received = Buffer.concat([received, data])
      if (received.length < 4) return
      const length = received.readUInt32BE(0)
      if (length === 0 || length > MAX_ANSWER_BYTES) {
        finish(() => reject(unavailable(socketPath, 'its answer is no agent answer')))
      } else if (received.length >= 4 + length) {
        finish(() => resolve(received.subarray(4, 4 + length)))
      }
    })
    socket.write(packString(message))
    if (signal.aborted) abort()
  })
}

function unavailable(socketPath: string, why: string): AppError {
  return new AppError('ssh.agent-unavailable', `The SSH agent at ${socketPath} cannot be used: ${why}.`)
}
