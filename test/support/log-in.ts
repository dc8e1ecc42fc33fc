import { createLogIn, type LoginOptions } from '../../src/main/ssh/auth/login.ts'
import { establish } from '../../src/main/ssh/establish.ts'
import { knownHostsTrust } from '../../src/main/ssh/known-hosts/host-trust.ts'
import type { ResolvedHost } from '../../src/main/ssh/resolved-host.ts'
import { createLogger } from '../../src/node/log.ts'
import { AppError } from '../../src/shared/errors/app-error.ts'
import { fakePrompts } from './fake-prompts.ts'
import { resolvedHost } from './make-link.ts'
import type { Sshd } from './start-sshd.ts'

const log = createLogger('test', 'silent')

export type LogIn = ReturnType<typeof createLogIn>

/** Logs in without a keychain; every question is cancelled unless `prompts` says otherwise. */
export function makeLogIn(options: Partial<LoginOptions> = {}): LogIn {
  return createLogIn({ prompts: fakePrompts(), secrets: () => undefined, log, ...options })
}

/** Connects and proves that commands run: resolves with `logged in`. */
export function connect(
  to: Sshd,
  overrides: Partial<ResolvedHost>,
  logIn: LogIn = makeLogIn(),
): Promise<string> {
  return connectTo(resolvedHost(to, overrides), logIn)
}

export async function connectTo(
  host: ResolvedHost,
  logIn: LogIn,
  prompts = fakePrompts(),
  signal = new AbortController().signal,
): Promise<string> {
  const connection = await establish({
    host,
    trust: knownHostsTrust({ prompts, log }),
    logIn,
    onStep: () => undefined,
    isWaitingForUser: () => false,
    signal,
  })
  try {
    return (await connection.exec('echo logged in')).stdout.trim()
  } finally {
    connection.end(new AppError('ssh.connection-lost', 'The test is over.'))
  }
}

export function failureOf(work: Promise<unknown>): Promise<AppError> {
  return work.then(
    () => {
      throw new Error('The login was expected to fail.')
    },
    (error: AppError) => error,
  )
}
