import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { ownSshOptions, resolveHost } from '../main/ssh/config/resolve-host.ts'
import type { PromptBroker, SshLink } from '../main/ssh/link.ts'
import { reached } from '../main/ssh/reached.ts'
import { createSshLink } from '../main/ssh/ssh-link.ts'
import { REAL_AMBIENT } from '../node/ambient.ts'
import { createLogger } from '../node/log.ts'
import type { Remote } from '../perimeter/apply/remote.ts'
import { AppError } from '../shared/errors/app-error.ts'
import { type Asker, askPerson } from './answer-prompt.ts'

interface RemoteShellOptions {
  /** An alias of the SSH config, or user@host:port. */
  readonly target: string
  /** Read instead of `~/.ssh/config` and the system's file. */
  readonly sshConfigFile?: string
  readonly person: Asker
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** One connection by SSH for commands; tried once. @throws AppError `ssh.…` */
export async function openRemoteShell(options: RemoteShellOptions): Promise<Remote> {
  const { env, person, signal, sshConfigFile, target } = options
  const link = createSshLink({
    target: { alias: target },
    resolve: () => resolveHost({ alias: target }, ownSshOptions(env, sshConfigFile)),
    prompts: personAtTerminal(person),
    secrets: () => undefined,
    ambient: REAL_AMBIENT,
    log: createLogger('perimeter', 'silent'),
  })
  link.start()
  try {
    await reached(link, signal, ({ phase }) => phase === 'connected')
  } catch (error) {
    await link.close(0)
    throw error
  }
  return { place: target, run: (command, how) => execute(link, command, how), close: () => link.close(0) }
}

type How = Parameters<Remote['run']>[1]

async function execute(link: SshLink, command: string, how: How = {}): ReturnType<Remote['run']> {
  const { signal, stdin } = how
  return link.exec(command, {
    ...(stdin === undefined ? {} : { stdin: typeof stdin === 'string' ? stdin : Readable.from([stdin]) }),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** Questions of a connection go straight to whoever typed the command, one after the other. */
function personAtTerminal(person: Asker): PromptBroker {
  let queue: Promise<unknown> = Promise.resolve()
  return {
    ask: (question, signal) => {
      const answer = queue.then(async () => {
        if (signal.aborted) throw new AppError('prompt.cancelled', 'The question is no longer needed.')
        return askPerson({ id: randomUUID(), askedAt: Date.now(), ...question }, person)
      })
      queue = answer.catch(() => undefined)
      return answer
    },
  }
}
