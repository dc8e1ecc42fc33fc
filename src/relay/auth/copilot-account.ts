import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { AppError, toAppError } from '../../shared/errors/app-error.ts'
import { backoffDelayMs, RECONNECT_BACKOFF } from '../../shared/util/backoff.ts'
import type { ConfigFile } from '../config/config-file.ts'
import type { BaseUrls, Env } from '../config/relay-settings.ts'
import type { GithubApi } from './github-api.ts'
import { type Identity, resolveIdentity } from './identity.ts'

/** What a call to Copilot needs. */
export interface Session {
  /** Bearer value. */
  readonly token: string
  /** Without a trailing slash. */
  readonly apiUrl: string
  readonly headers: Readonly<Record<string, string>>
}

interface HeldSession extends Session {
  /** On the monotonic clock, because the one on the wall may be wrong. */
  readonly refreshAtMs: number
  readonly endsAtMs: number
}

export type SignInState =
  | { readonly kind: 'signed-out'; readonly cause: AppError | undefined }
  | { readonly kind: 'signed-in'; readonly lastProblem: AppError | undefined }

export interface CopilotAccountOptions {
  readonly configFile: ConfigFile
  readonly env: Env
  readonly version: string
  readonly urls: BaseUrls
  readonly github: GithubApi
  readonly ambient: Ambient
  readonly log: Logger
  /** Called with every reply of `GET /copilot_internal/user`. */
  readonly onQuota: (body: unknown) => void
}

/** A direct session asks again for the account's address and quota after this. */
const DIRECT_REFRESH_MS = 15 * 60_000
/** Copilot tokens outlive `refresh_in` by about this much. */
const GRACE_AFTER_REFRESH_MS = 4 * 60_000

/**
 * The one Copilot sign-in of a relay. Owns the user token and the short-lived session made from it, which is
 * never written anywhere. One renewal at a time; the old session serves until the new one is there.
 */
export class CopilotAccount {
  private readonly options: CopilotAccountOptions
  private userToken: string | undefined
  private signedOutCause: AppError | undefined
  private session: HeldSession | undefined
  private renewal: Promise<HeldSession> | undefined
  private failure: { readonly error: AppError; readonly retryAtMs: number } | undefined
  private failures = 0

  constructor(options: CopilotAccountOptions) {
    this.options = options
    const fromEnv = options.env.GITHUB_COPILOT_TOKEN?.trim()
    this.userToken = fromEnv || options.configFile.config.github_oauth_token?.trim() || undefined
  }

  get state(): SignInState {
    return this.userToken === undefined
      ? { kind: 'signed-out', cause: this.signedOutCause }
      : { kind: 'signed-in', lastProblem: this.failure?.error }
  }

  identity(): Identity {
    const { configFile, env, version } = this.options
    return resolveIdentity(configFile.config, env, version, this.userToken)
  }

  /** Takes over a new user token and proves that Copilot can be had with it. @throws AppError when it cannot. */
  async signIn(userToken: string): Promise<void> {
    const before = this.userToken
    this.adopt(userToken)
    try {
      await this.renew()
    } catch (error) {
      // Not reaching GitHub says nothing about the token. With any other failure, the sign-in of before stays.
      if (toAppError(error).code !== 'relay.github-unreachable') {
        this.adopt(before)
        await this.options.configFile.set({ github_oauth_token: before })
        throw error
      }
    }
    await this.options.configFile.set({ github_oauth_token: userToken })
    this.options.log.info('signed in to Copilot')
  }

  async signOut(cause?: AppError): Promise<void> {
    this.adopt(undefined)
    this.signedOutCause = cause
    await this.options.configFile.set({ github_oauth_token: undefined })
    this.options.log.warn({ code: cause?.code }, 'signed out of Copilot')
  }

  /** @param rejected a token that Copilot has just refused; a session that still has it is replaced first. */
  async getSession(rejected?: string): Promise<Session> {
    if (this.userToken === undefined)
      throw this.signedOutCause ?? new AppError('relay.signed-out', 'The relay is not signed in to Copilot.')
    const { session } = this
    const now = this.options.ambient.monotonicMs()
    if (session === undefined || session.token === rejected) return await this.renew()
    if (now < session.refreshAtMs) return session
    if (now >= session.endsAtMs) return await this.renew()
    this.renew().catch((error: unknown) => {
      this.options.log.warn(
        { code: toAppError(error).code },
        'Copilot token not renewed yet; the old one goes on',
      )
    })
    return session
  }

  private adopt(userToken: string | undefined): void {
    this.userToken = userToken
    this.session = undefined
    this.renewal = undefined
    this.failure = undefined
    this.failures = 0
    this.signedOutCause = undefined
  }

  private renew(): Promise<HeldSession> {
    if (this.renewal !== undefined) return this.renewal
    const { failure } = this
    if (failure !== undefined && this.options.ambient.monotonicMs() < failure.retryAtMs)
      return Promise.reject(failure.error)
    const userToken = this.userToken ?? ''
    const renewal: Promise<HeldSession> = this.openSession(userToken)
      .then(
        (session) => this.onRenewed(userToken, session),
        (error: unknown) => this.onNotRenewed(userToken, toAppError(error)),
      )
      .finally(() => {
        if (this.renewal === renewal) this.renewal = undefined
      })
    this.renewal = renewal
    return renewal
  }

  private onRenewed(userToken: string, session: HeldSession): HeldSession {
    // Signed out or in as somebody else meanwhile: the caller may use what it asked for, nobody else.
    if (this.userToken !== userToken) return session
    this.session = session
    this.failure = undefined
    this.failures = 0
    return session
  }

  private async onNotRenewed(userToken: string, error: AppError): Promise<never> {
    if (this.userToken === userToken) {
      this.failures++
      const delay = backoffDelayMs(RECONNECT_BACKOFF, this.failures, this.options.ambient.random())
      this.failure = { error, retryAtMs: this.options.ambient.monotonicMs() + delay }
      if (error.code === 'relay.signed-out-by-github') await this.signOut(error)
    }
    throw error
  }

  private async openSession(userToken: string): Promise<HeldSession> {
    const identity = this.identity()
    const { urls, github, ambient } = this.options
    const { headers } = identity
    if (identity.route === 'exchange') {
      const reply = await github.exchange(identity, userToken)
      const now = ambient.monotonicMs()
      const refreshAtMs = now + reply.refresh_in * 1000
      void this.readQuota(identity, userToken)
      return {
        token: reply.token,
        apiUrl: urls.copilot ?? usableUrl(reply.endpoints?.api) ?? urls.copilotFallback,
        headers,
        refreshAtMs,
        endsAtMs: refreshAtMs + GRACE_AFTER_REFRESH_MS,
      }
    }
    const apiUrl = await this.readQuota(identity, userToken)
    const refreshAtMs = ambient.monotonicMs() + DIRECT_REFRESH_MS
    return {
      token: userToken,
      apiUrl: urls.copilot ?? apiUrl ?? urls.copilotFallback,
      headers,
      refreshAtMs,
      endsAtMs: Number.POSITIVE_INFINITY,
    }
  }

  /** Asks for quota and address of the account. Only a revoked sign-in is an error: tokens may lack the right. */
  private async readQuota(identity: Identity, userToken: string): Promise<string | undefined> {
    try {
      const { apiUrl, body } = await this.options.github.user(identity, userToken)
      this.options.onQuota(body)
      return usableUrl(apiUrl)
    } catch (error) {
      const { code, message } = toAppError(error)
      this.options.log.info({ code, message }, 'no quota from GitHub')
      if (code === 'relay.signed-out-by-github' && identity.route === 'direct') throw error
      if (
        code === 'relay.github-unreachable' &&
        identity.route === 'direct' &&
        this.options.urls.copilot === undefined
      )
        throw error
      return undefined
    }
  }
}

/** The credential goes to this address: encrypted, or on this machine. */
function usableUrl(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined
  const { protocol, hostname } = new URL(text)
  const isLocal = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]'
  return protocol === 'https:' || (protocol === 'http:' && isLocal) ? text.replace(/\/+$/, '') : undefined
}
