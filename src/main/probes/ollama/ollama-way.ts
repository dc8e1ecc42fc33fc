import { once } from 'node:events'
import { connect, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { SshLink } from '../../ssh/link.ts'
import { type Attempt, ConnectFailure } from './connect-failure.ts'
import type { Resolve, Surroundings } from './surroundings.ts'

/** How the machine of an Ollama is reached: straight, or from where an SSH server stands. */
export interface OllamaWay {
  /** The SSH host, as people call it. */
  readonly via: string | undefined
  /** @throws ConnectFailure, AppError `ssh.…` */
  open(host: string, port: number, signal: AbortSignal): Promise<OpenedWay>
}

export interface OpenedWay {
  readonly socket: Duplex
  /** Addresses of the same name before it that did not answer. */
  readonly skipped: readonly Attempt[]
}

/** Never through a proxy: what HTTP_PROXY says is for other programs, and is looked at by itself. */
export function straight({ connectMs, resolve }: Pick<Surroundings, 'connectMs' | 'resolve'>): OllamaWay {
  return {
    via: undefined,
    open: async (host, port, signal) => {
      const skipped: Attempt[] = []
      for (const address of await addressesOf(host, resolve)) {
        const result = await dial(address, port, AbortSignal.any([signal, AbortSignal.timeout(connectMs)]))
        if (typeof result !== 'string') return { socket: result, skipped }
        skipped.push({ address, code: result })
      }
      throw new ConnectFailure(skipped)
    },
  }
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  try {
    return await resolve(host)
  } catch (error) {
    throw new ConnectFailure([{ address: host, code: 'ENOTFOUND' }], error)
  }
}

/** @returns the connection, or the errno of the failure. */
async function dial(host: string, port: number, signal: AbortSignal): Promise<Duplex | string> {
  const socket = connect({ host, port })
  const giveUp = (): void => void socket.destroy(new Error('ETIMEDOUT'))
  signal.addEventListener('abort', giveUp)
  try {
    if (signal.aborted) return 'ETIMEDOUT'
    await once(socket, 'connect')
    return socket
  } catch (error) {
    return signal.aborted ? 'ETIMEDOUT' : errnoOf(error)
  } finally {
    signal.removeEventListener('abort', giveUp)
    if (socket.connecting) socket.destroy()
    // Between here and whoever reads it.
    socket.on('error', () => undefined)
  }
}

/** Linux tells of a WireGuard peer that there is no key or no address for, which libuv has no names for. */
function errnoOf(error: unknown): string {
  const { code, errno } = error as NodeJS.ErrnoException
  if (errno === -126) return 'ENOKEY'
  if (errno === -89) return 'EDESTADDRREQ'
  return typeof code === 'string' ? code : 'EUNKNOWN'
}

/** From the machine at the other end of an SSH connection, which is up already. */
export function through(link: SshLink, via: string): OllamaWay {
  return {
    via,
    open: async (host, port, signal) => {
      try {
        return { socket: await link.openChannel({ host, port }, signal), skipped: [] }
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'ssh.forward-target-refused') throw error
        throw new ConnectFailure([{ address: host, code: errnoIn(error.message) }], error)
      }
    },
  }
}

/** sshd says it in the words of strerror(3). */
function errnoIn(words: string): string {
  if (/refused/i.test(words)) return 'ECONNREFUSED'
  if (/timed out/i.test(words)) return 'ETIMEDOUT'
  if (/no route/i.test(words)) return 'EHOSTUNREACH'
  if (/network is unreachable/i.test(words)) return 'ENETUNREACH'
  if (/unknown host|not known|resolve/i.test(words)) return 'ENOTFOUND'
  return 'ECONNREFUSED'
}
