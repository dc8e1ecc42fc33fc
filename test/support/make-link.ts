import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { PromptBroker, ReverseListener, SshLink } from '../../src/main/ssh/link.ts'
import type { ResolvedHost } from '../../src/main/ssh/resolved-host.ts'
import type { SessionMemory } from '../../src/main/ssh/session-memory.ts'
import { createSshLink, type LinkTimingOverrides } from '../../src/main/ssh/ssh-link.ts'
import { type Ambient, REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger } from '../../src/node/log.ts'
import type { ListenerState } from '../../src/shared/state/bridge-state.ts'
import type { LinkState } from '../../src/shared/state/link.ts'
import type { Answer, Question } from '../../src/shared/state/prompt.ts'
import { makeHost } from './make-host.ts'
import type { Sshd } from './start-sshd.ts'

/** The host as the SSH config would have described it. */
export function resolvedHost(sshd: Sshd, overrides: Partial<ResolvedHost> = {}): ResolvedHost {
  return makeHost({
    displayName: `${sshd.userName}@${sshd.host}:${sshd.port}`,
    hostName: sshd.host,
    port: sshd.port,
    user: sshd.userName,
    identityFiles: [sshd.clientKeyFile],
    identitiesOnly: true,
    userKnownHostsFiles: [sshd.knownHostsFile],
    ...overrides,
  })
}

export interface MakeLinkOptions {
  readonly timings?: LinkTimingOverrides
  readonly ambient?: Ambient
  readonly verify?: (link: SshLink) => Promise<void>
  readonly sessions?: SessionMemory
  /** Without it every question is an error: most tests must not meet one. */
  readonly answer?: (question: Question) => Answer
}

export function makeLink(host: ResolvedHost, options: MakeLinkOptions = {}): SshLink {
  const { ambient = REAL_AMBIENT, answer, sessions, timings, verify } = options
  const prompts: PromptBroker = {
    ask: async (question) => {
      if (answer === undefined) throw new Error(`Nobody expected the question ${JSON.stringify(question)}.`)
      return answer(question)
    },
  }
  return createSshLink({
    target: { alias: host.displayName },
    resolve: async () => host,
    prompts,
    secrets: () => undefined,
    log: createLogger('link', 'silent'),
    ambient,
    ...(timings === undefined ? {} : { timings }),
    ...(sessions === undefined ? {} : { sessions }),
    ...(verify === undefined ? {} : { verify }),
  })
}

interface Observable<S> {
  readonly state: S
  onState(listener: (state: S) => void): () => void
}

/** Resolves with the first state that fits, the present one included. */
function firstState<S, W extends S>(
  subject: Observable<S>,
  isWanted: (state: S) => state is W,
  what: string,
  timeoutMs: number,
): Promise<W> {
  return new Promise((resolve, reject) => {
    if (isWanted(subject.state)) {
      resolve(subject.state)
      return
    }
    const timer = setTimeout(() => {
      unsubscribe()
      reject(new Error(`It did not become ${what} but is ${JSON.stringify(subject.state)}.`))
    }, timeoutMs)
    const unsubscribe = subject.onState((state) => {
      if (!isWanted(state)) return
      clearTimeout(timer)
      unsubscribe()
      resolve(state)
    })
  })
}

export function stateOf<P extends LinkState['phase']>(
  link: SshLink,
  phase: P,
  timeoutMs = 15_000,
): Promise<Extract<LinkState, { phase: P }>> {
  const isWanted = (state: LinkState): state is Extract<LinkState, { phase: P }> => state.phase === phase
  return firstState(link, isWanted, phase, timeoutMs)
}

export function listenerStateOf<P extends ListenerState['phase']>(
  listener: ReverseListener,
  phase: P,
  timeoutMs = 15_000,
): Promise<Extract<ListenerState, { phase: P }>> {
  const isWanted = (state: ListenerState): state is Extract<ListenerState, { phase: P }> =>
    state.phase === phase
  return firstState(listener, isWanted, phase, timeoutMs)
}

export interface TcpServer {
  readonly port: number
  close(): Promise<void>
}

/** A TCP server on a free loopback port; every connection goes to `onSocket`. */
export async function startTcpServer(
  onSocket: (socket: Socket) => void,
  teardown?: (close: () => Promise<void>) => void,
): Promise<TcpServer> {
  const sockets = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  teardown?.(close)
  return { port: address.port, close }
}

export const echo = (socket: Socket): void => {
  socket.pipe(socket)
}
