import { AppError } from '../../../shared/errors/app-error.ts'
import { fingerprint, isCertificateType, keyTypeOf } from '../known-hosts/fingerprint.ts'
import type { ResolvedHost } from '../resolved-host.ts'
import { type AgentKey, listAgentKeys, signWithAgent } from './agent-client.ts'
import { certifiedKey } from './certificate.ts'
import { type KeyFile, readKeyFile, readPublicKey } from './key-file.ts'
import type { KeyRing } from './key-ring.ts'
import type { PrivateKey } from './private-key.ts'
import type { Sign } from './signature.ts'

/** Something that can be offered to a server. */
export interface Identity {
  /** For people: a path, or the fingerprint of an agent's key. */
  readonly label: string
  /** The public key or certificate; undefined where only {@link reveal} can tell. */
  readonly blob: Buffer | undefined
  /** Opens the file, which may ask for a passphrase. */
  readonly reveal: ((signal: AbortSignal) => Promise<Buffer>) | undefined
  readonly sign: Sign
}

export interface Identities {
  /** In the order to offer them; no key is in it twice. */
  readonly list: readonly Identity[]
  /** What was passed over and why: read when nothing else works. */
  readonly problems: readonly AppError[]
}

/**
 * Collects what may be offered to a host. The keys that the configuration names come first, so that an agent
 * full of keys does not use up the attempts that the server grants (MaxAuthTries, 6 unless set).
 */
export async function gatherIdentities(
  host: ResolvedHost,
  keyRing: KeyRing,
  signal: AbortSignal,
): Promise<Identities> {
  const problems: AppError[] = []
  const agent = await readAgent(host, problems, signal)
  const files = await Promise.all(host.identityFiles.map(readKeyFile))
  const signers = new Map<string, Identity>()
  for (const identity of agent) signers.set(identityId(identity), identity)
  const named: Identity[] = []
  const unseen: Identity[] = []
  for (const file of files) {
    const identity = ofFile(file, signers, keyRing, problems)
    if (identity === undefined) continue
    if (identity.blob === undefined) unseen.push(identity)
    else {
      named.push(identity)
      signers.set(identityId(identity), signers.get(identityId(identity)) ?? identity)
    }
  }
  const namedKeys = new Set(named.map(identityId))
  const isNamed = (identity: Identity) =>
    namedKeys.has(identityId(identity)) || namedKeys.has(keyOfCertificate(identity) ?? '')
  const certificates = await certificatesOf(host, files, signers, problems)
  const others = host.identitiesOnly ? agent.filter(isNamed) : agent
  return { list: withoutDoubles([...certificates, ...named, ...others, ...unseen]), problems }
}

async function readAgent(host: ResolvedHost, problems: AppError[], signal: AbortSignal): Promise<Identity[]> {
  const socketPath = host.identityAgent
  if (socketPath === undefined) return []
  try {
    return (await listAgentKeys(socketPath, signal)).map((key) => ofAgent(key, socketPath))
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError) problems.push(error)
    else
      problems.push(new AppError('ssh.agent-unavailable', `The SSH agent at ${socketPath} makes no sense.`))
    return []
  }
}

function ofAgent({ blob, comment }: AgentKey, socketPath: string): Identity {
  const kind = isCertificateType(keyTypeOf(blob)) ? 'certificate' : 'key'
  return {
    label: `agent ${kind} ${fingerprint(certifiedKey(blob) ?? blob)}${comment === '' ? '' : ` (${comment})`}`,
    blob,
    reveal: undefined,
    sign: (data, hash, signal) => signWithAgent(socketPath, { blob, data, hash }, signal),
  }
}

function ofFile(
  file: KeyFile,
  signers: ReadonlyMap<string, Identity>,
  keyRing: KeyRing,
  problems: AppError[],
): Identity | undefined {
  if (file.kind === 'missing' || file.kind === 'unusable') {
    const reason = file.kind === 'missing' ? 'there is no such file' : file.reason
    problems.push(new AppError('ssh.key-unreadable', `The key ${file.path} cannot be used: ${reason}.`))
    return undefined
  }
  // A key that the agent holds needs no passphrase.
  const inAgent = file.blob === undefined ? undefined : signers.get(file.blob.toString('base64'))
  if (inAgent !== undefined) return { ...inAgent, label: `${file.path} (in the agent)` }
  if (file.kind === 'public') {
    const problem = `Of ${file.path} only the public half is here, and no agent holds the private one.`
    problems.push(new AppError('ssh.key-unreadable', problem))
    return undefined
  }
  const { path, blob } = file
  const unlock = (signal: AbortSignal) => unlockOrFail(keyRing, path, signal)
  return {
    label: path,
    blob,
    reveal: blob === undefined ? async (signal) => (await unlock(signal)).blob : undefined,
    sign: async (data, hash, signal) => (await unlock(signal)).sign(data, hash),
  }
}

async function unlockOrFail(keyRing: KeyRing, path: string, signal: AbortSignal): Promise<PrivateKey> {
  const result = await keyRing.unlock(path, signal)
  switch (result.kind) {
    case 'key':
      return result.key
    case 'wrong-passphrase':
      throw new AppError('ssh.passphrase-wrong', `No passphrase that was given opens ${path}.`)
    case 'unusable':
      throw new AppError('ssh.key-unreadable', `The key ${path} cannot be used: ${result.reason}.`)
  }
}

/** The certificates of the configuration and those that lie beside the key files, with who signs for them. */
async function certificatesOf(
  host: ResolvedHost,
  files: readonly KeyFile[],
  signers: ReadonlyMap<string, Identity>,
  problems: AppError[],
): Promise<Identity[]> {
  const found: Identity[] = []
  const beside = files.map(({ path }) => `${path.replace(/\.pub$/, '')}-cert.pub`)
  for (const path of [...host.certificateFiles, ...beside]) {
    const blob = await readPublicKey(path)
    const key = blob === undefined ? undefined : certifiedKey(blob)
    const signer = signers.get(key?.toString('base64') ?? '')
    if (blob !== undefined && signer !== undefined) {
      found.push({ label: `certificate ${path}`, blob, reveal: undefined, sign: signer.sign })
    } else if (host.certificateFiles.includes(path)) {
      const reason = key === undefined ? 'this is no certificate' : 'the private key to it is not here'
      problems.push(new AppError('ssh.key-unreadable', `The certificate ${path} cannot be used: ${reason}.`))
    }
  }
  return found
}

function keyOfCertificate({ blob }: Identity): string | undefined {
  return blob === undefined ? undefined : certifiedKey(blob)?.toString('base64')
}

function identityId({ blob, label }: Identity): string {
  return blob?.toString('base64') ?? label
}

function withoutDoubles(list: readonly Identity[]): Identity[] {
  const first = new Map<string, Identity>()
  for (const identity of list) if (!first.has(identityId(identity))) first.set(identityId(identity), identity)
  return [...first.values()]
}
