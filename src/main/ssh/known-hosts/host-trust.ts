import type { Logger } from '../../../node/log.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { HostTrust } from '../establish.ts'
import type { PromptBroker } from '../link.ts'
import type { ResolvedHost } from '../resolved-host.ts'
import { checkHostKey, type HostKeyVerdict, knownKeyTypes } from './check-host-key.ts'
import { recordName } from './host-name.ts'
import { rememberHostKey } from './remember-host-key.ts'

export interface HostTrustOptions {
  readonly prompts: PromptBroker
  readonly log: Logger
}

type Unknown = Extract<HostKeyVerdict, { kind: 'unknown' }>

/** Trusts hosts as known_hosts says; those that it does not know are treated as StrictHostKeyChecking says. */
export function knownHostsTrust({ prompts, log }: HostTrustOptions): HostTrust {
  /** Open questions: two connections to one new host ask once. */
  const asking = new Map<string, Promise<unknown>>()

  async function check(host: ResolvedHost, key: Buffer, signal: AbortSignal): Promise<void> {
    for (;;) {
      const verdict = await checkHostKey({ host, key })
      if (verdict.kind === 'trusted') return
      if (verdict.kind !== 'unknown') throw refusal(host, verdict)
      if (host.unknownHosts === 'refuse') throw strangerRefusal(host, verdict)
      if (host.unknownHosts === 'accept' && (await acceptNew(host, key, verdict))) return
      const subject = `${recordName(host)} ${verdict.fingerprint}`
      const other = asking.get(subject)
      if (other === undefined) {
        const answer = askAndRemember(host, key, verdict, signal).finally(() => asking.delete(subject))
        asking.set(subject, answer)
        return answer
      }
      // A yes stands in the file now; after a no or a cancelled question this connection asks for itself.
      await other.catch(() => undefined)
      signal.throwIfAborted()
    }
  }

  /** False where nothing can be put on record: then every key would be new, for ever. */
  async function acceptNew(host: ResolvedHost, key: Buffer, { fingerprint }: Unknown): Promise<boolean> {
    try {
      const file = await rememberOnce(host, key)
      if ((await checkHostKey({ host, key })).kind !== 'trusted') return false
      log.warn(
        { host: recordName(host), fingerprint, file },
        'host key of a new host accepted without asking, as StrictHostKeyChecking accept-new says',
      )
      return true
    } catch (error) {
      log.warn({ host: recordName(host), err: error }, 'host key of a new host cannot be recorded')
      return false
    }
  }

  async function askAndRemember(
    host: ResolvedHost,
    key: Buffer,
    { keyType, fingerprint }: Unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const { hostName, port } = host
    const answer = await prompts.ask({ kind: 'host-key', host: hostName, port, keyType, fingerprint }, signal)
    if (answer.kind !== 'host-key' || !answer.accept) {
      throw new AppError(
        'ssh.host-key-unknown',
        `The key of ${recordName(host)} (${keyType} ${fingerprint}) is not known and was not accepted.`,
      )
    }
    try {
      const file = await rememberOnce(host, key)
      log.info({ host: recordName(host), fingerprint, file }, 'host key accepted')
    } catch (error) {
      // The user has said yes to this connection; the question will come again next time.
      log.warn({ host: recordName(host), err: error }, 'host key accepted but not remembered')
    }
  }

  return { knownKeyTypes, check }
}

function strangerRefusal(host: ResolvedHost, { keyType, fingerprint }: Unknown): AppError {
  return new AppError(
    'ssh.host-key-unknown',
    `The key of ${recordName(host)} (${keyType} ${fingerprint}) is not known, and StrictHostKeyChecking yes forbids asking.`,
    {
      remedy:
        'Compare the fingerprint with the one the host shows and put its key on record, or set "StrictHostKeyChecking ask" for this host. Then connect again.',
    },
  )
}

/** Ends when the key that was accepted last stands in its file. */
let remembering: Promise<unknown> = Promise.resolve()

/**
 * Several links that asked about one new host get their answer at once; only the first writes the line. They
 * share the files of this user, so they wait for each other whichever bridge they belong to.
 */
function rememberOnce(host: ResolvedHost, key: Buffer): Promise<string | undefined> {
  const turn = remembering.then(async () => {
    const { kind } = await checkHostKey({ host, key })
    return kind === 'trusted' ? host.userKnownHostsFiles[0] : rememberHostKey(host, key)
  })
  remembering = turn.catch(() => undefined)
  return turn
}

/** Why a host may not be talked to, with everything needed to look into it. */
export function refusal(
  host: ResolvedHost,
  verdict: Exclude<HostKeyVerdict, { kind: 'trusted' | 'unknown' }>,
): AppError {
  const name = recordName(host)
  switch (verdict.kind) {
    case 'changed': {
      const recorded = verdict.recorded.map(
        (record) => `${record.keyType} ${record.fingerprint} (${record.file} line ${record.line})`,
      )
      const files = [...new Set(verdict.recorded.map(({ file }) => file))]
      return new AppError(
        'ssh.host-key-changed',
        `${name} shows the key ${verdict.keyType} ${verdict.fingerprint}, but on record is ${recorded.join(', ')}.`,
        {
          remedy: `Ask the owner of the host whether its key was changed. Only if so, run ${files
            .map((file) => `ssh-keygen -R '${name}' -f '${file}'`)
            .join(' and ')}, then connect again.`,
        },
      )
    }
    case 'revoked':
      return new AppError(
        'ssh.host-key-revoked',
        `${name} shows the key ${verdict.fingerprint}, which ${verdict.file} line ${verdict.line} marks as revoked.`,
      )
    case 'unsupported':
      return new AppError('ssh.host-key-unsupported', unsupportedText(name, verdict))
  }
}

function unsupportedText(name: string, verdict: Extract<HostKeyVerdict, { kind: 'unsupported' }>): string {
  return verdict.authority === undefined
    ? `${name} shows a certificate (${verdict.keyType}) where a plain key is needed.`
    : `${name} is trusted only through the certificate authority in ${verdict.authority.file} line ${verdict.authority.line}.`
}
