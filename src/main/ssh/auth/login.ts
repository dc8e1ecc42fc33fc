import type { AnyAuthMethod, AuthHandlerMiddleware, Client, NextAuthHandler } from 'ssh2'
import type { Logger } from '../../../node/log.ts'
import { AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { SecretStore } from '../../secrets/secret-store.ts'
import type { Login } from '../establish.ts'
import type { PromptBroker } from '../link.ts'
import type { ResolvedHost } from '../resolved-host.ts'
import { gatherIdentities, type Identity } from './identities.ts'
import { KeyRing } from './key-ring.ts'
import { loginFailure } from './login-failure.ts'
import { signOfferedKeys, toSsh2Key } from './ssh2-auth.ts'

export interface LoginOptions {
  readonly prompts: PromptBroker
  /** Where passphrases may be kept right now; undefined when nowhere. */
  readonly secrets: () => SecretStore | undefined
  readonly log: Logger
}

/** As ssh has it (ssh_config(5), NumberOfPasswordPrompts). */
const MAX_PASSWORD_ATTEMPTS = 3

/**
 * Logs in as ssh does: keys first, then keyboard-interactive, then a password, always within what the server
 * still accepts. Opened keys and passwords that worked stay in memory for the next connection.
 */
export function createLogIn(
  options: LoginOptions,
): (host: ResolvedHost, signal: AbortSignal) => Promise<Login> {
  const keyRing = new KeyRing(options)
  const passwords = new Map<string, string>()
  return async (host, signal) => new LoginAttempts({ host, signal, keyRing, passwords, ...options })
}

interface AttemptOptions extends LoginOptions {
  readonly host: ResolvedHost
  readonly signal: AbortSignal
  readonly keyRing: KeyRing
  /** Of this run of the program, by user and place. */
  readonly passwords: Map<string, string>
}

class LoginAttempts implements Login {
  private readonly options: AttemptOptions
  private readonly place: string
  private readonly ended = new AbortController()
  private readonly signal: AbortSignal
  private readonly offered: string[] = []
  private readonly accepted: string[] = []
  private readonly problems: AppError[] = []
  private readonly usedKeys = new Set<string>()
  private identities: Identity[] | undefined
  private methods: readonly string[] | undefined
  private pending: { readonly label: string; readonly usesPassword: boolean } | undefined
  private passwordAttempts = 0
  private interactiveAttempts = 0
  /** A reason that ends the login whatever else could be tried. */
  private fatal: AppError | undefined
  private next: NextAuthHandler = () => undefined

  constructor(options: AttemptOptions) {
    this.options = options
    this.signal = AbortSignal.any([options.signal, this.ended.signal])
    const { user, hostName, port } = options.host
    this.place = `${user}@${hostName}${port === 22 ? '' : `:${port}`}`
  }

  readonly authHandler: AuthHandlerMiddleware = (methods, isPartial, next) => {
    this.next = next
    this.noteAnswer(methods, isPartial)
    void this.advance()
  }

  attach(client: Client): void {
    signOfferedKeys(client)
  }

  failure(): AppError | undefined {
    if (this.fatal !== undefined) return this.fatal
    const { place, offered, accepted, methods, problems } = this
    return loginFailure({ place, offered, accepted, methods, problems, unanswered: this.pending?.label })
  }

  dispose(): void {
    this.ended.abort(new AppError('prompt.cancelled', 'The login is over.'))
  }

  /** ssh2 passes null before the server has answered anything. */
  private noteAnswer(methods: readonly string[] | null, isPartial: boolean): void {
    if (methods !== null) this.methods = methods
    const { pending } = this
    this.pending = undefined
    if (pending === undefined) return
    if (isPartial) this.accepted.push(pending.label)
    else if (pending.usesPassword) this.options.passwords.delete(this.place)
  }

  private async advance(): Promise<void> {
    let method: AnyAuthMethod | undefined
    try {
      method = await this.nextMethod()
    } catch (error) {
      this.fatal = toAppError(error)
    }
    // After the end nobody listens; a late answer must not reach the socket.
    if (this.ended.signal.aborted) return
    // The types leave out `false`, which is how ssh2 is told that nothing is left.
    this.next(method ?? (false as unknown as AnyAuthMethod))
  }

  private async nextMethod(): Promise<AnyAuthMethod | undefined> {
    const username = this.options.host.user
    // Costs no attempt and brings the list of methods.
    if (this.methods === undefined) return { type: 'none', username }
    if (this.methods.includes('publickey')) {
      const method = await this.nextKey(username)
      if (method !== undefined) return method
    }
    if (this.methods.includes('keyboard-interactive') && this.interactiveAttempts < MAX_PASSWORD_ATTEMPTS) {
      this.interactiveAttempts++
      return this.interactive(username)
    }
    if (this.methods.includes('password') && this.passwordAttempts < MAX_PASSWORD_ATTEMPTS) {
      return this.password(username)
    }
    return undefined
  }

  private async nextKey(username: string): Promise<AnyAuthMethod | undefined> {
    if (this.identities === undefined) {
      const { host, keyRing } = this.options
      const { list, problems } = await gatherIdentities(host, keyRing, this.signal)
      this.identities = [...list]
      this.problems.push(...problems)
    }
    for (let identity = this.identities.shift(); identity !== undefined; identity = this.identities.shift()) {
      const blob = await this.publicKeyOf(identity)
      const id = blob?.toString('base64')
      if (blob === undefined || id === undefined || this.usedKeys.has(id)) continue
      this.usedKeys.add(id)
      this.expect(identity.label)
      return { type: 'publickey', username, key: this.offer(identity, blob) }
    }
    return undefined
  }

  private async publicKeyOf(identity: Identity): Promise<Buffer | undefined> {
    if (identity.reveal === undefined) return identity.blob
    try {
      return await identity.reveal(this.signal)
    } catch (error) {
      this.passOver(error)
      return undefined
    }
  }

  private offer({ label, sign }: Identity, blob: Buffer) {
    return toSsh2Key({
      blob,
      sign: (data, hash) => sign(data, hash, this.signal),
      signingFailed: (error) => {
        // The server waits for nothing: any other request may follow (RFC 4252, section 7).
        this.pending = undefined
        this.offered.splice(this.offered.indexOf(label), 1)
        try {
          this.passOver(error)
        } catch (fatal) {
          this.fatal = toAppError(fatal)
          this.identities = []
          this.methods = []
        }
        void this.advance()
      },
    })
  }

  /** A key that cannot be used is passed over; a question that was cancelled ends the login. */
  private passOver(error: unknown): void {
    if (!(error instanceof AppError) || error.code === 'prompt.cancelled') throw error
    this.options.log.info({ place: this.place, err: error }, 'a key was passed over')
    this.problems.push(error)
  }

  private interactive(username: string): AnyAuthMethod {
    const { prompts, host } = this.options
    this.expect('keyboard-interactive')
    return {
      type: 'keyboard-interactive',
      username,
      prompt: (title, instructions, _language, questions, finish) => {
        prompts
          .ask(
            {
              kind: 'keyboard-interactive',
              user: username,
              host: host.hostName,
              title,
              instructions,
              questions: questions.map(({ prompt, echo }) => ({ text: prompt, echo: echo ?? false })),
            },
            this.signal,
          )
          .then(
            (answer) => finish(answer.kind === 'keyboard-interactive' ? [...answer.answers] : []),
            (error: unknown) => this.giveUp(error),
          )
      },
    }
  }

  private async password(username: string): Promise<AnyAuthMethod> {
    const { prompts, host, passwords } = this.options
    let password = passwords.get(this.place)
    if (password === undefined) {
      const attempt = ++this.passwordAttempts
      const question = { kind: 'password', user: username, host: host.hostName, attempt } as const
      const answer = await prompts.ask(question, this.signal)
      if (answer.kind !== 'password') throw new AppError('prompt.cancelled', 'The password was not given.')
      password = answer.password
      passwords.set(this.place, password)
    }
    this.expect('a password', true)
    return { type: 'password', username, password }
  }

  private giveUp(error: unknown): void {
    this.pending = undefined
    this.fatal = toAppError(error)
    if (!this.ended.signal.aborted) this.next(false as unknown as AnyAuthMethod)
  }

  private expect(label: string, usesPassword = false): void {
    this.offered.push(label)
    this.pending = { label, usesPassword }
  }
}
