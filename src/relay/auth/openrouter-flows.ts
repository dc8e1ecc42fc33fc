import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Dispatcher } from 'undici'
import { z } from 'zod'
import type { Ambient } from '../../node/ambient.ts'
import { redactText } from '../../node/log.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { StartedOpenrouterFlow } from '../../shared/protocol/relay-auth.ts'
import { reasonOf, sendRequest } from '../upstreams/http-client.ts'

interface Flow {
  readonly verifier: string
  readonly endsAtMs: number
}

const FLOW_MS = 10 * 60_000
const FLOWS_MAX = 20
const ANSWER_WITHIN_MS = 20_000

const keyAnswer = z.looseObject({ key: z.string().min(1) })
const refusal = z.looseObject({
  error: z.union([z.string(), z.looseObject({ message: z.string().optional() })]).optional(),
})

/**
 * Sign-ins to OpenRouter under way. The verifier stays here and the key comes here: whoever opens the browser
 * only carries a code that is of no use without the verifier.
 * https://openrouter.ai/docs/use-cases/oauth-pkce
 */
export class OpenrouterFlows {
  private readonly baseUrl: string
  private readonly dispatcher: Dispatcher
  private readonly ambient: Ambient
  private readonly onKey: (key: string) => Promise<void>
  private readonly flows = new Map<string, Flow>()

  constructor(options: {
    readonly baseUrl: string
    readonly dispatcher: Dispatcher
    readonly ambient: Ambient
    readonly onKey: (key: string) => Promise<void>
  }) {
    this.baseUrl = options.baseUrl
    this.dispatcher = options.dispatcher
    this.ambient = options.ambient
    this.onKey = options.onKey
  }

  /** @throws AppError `relay.body-invalid` for a callback that would send the code away from this user's machine. */
  start(callbackUrl: string): StartedOpenrouterFlow {
    if (!isLoopback(callbackUrl))
      throw new AppError('relay.body-invalid', 'The callback has to be on a loopback address.')
    this.forgetOld()
    // RFC 7636, section 4.1: 43 characters of the unreserved set.
    const verifier = randomBytes(32).toString('base64url')
    const flowId = randomUUID()
    this.flows.set(flowId, { verifier, endsAtMs: this.ambient.monotonicMs() + FLOW_MS })
    const url = new URL('/auth', this.baseUrl)
    url.searchParams.set('callback_url', callbackUrl)
    url.searchParams.set('code_challenge', createHash('sha256').update(verifier).digest('base64url'))
    url.searchParams.set('code_challenge_method', 'S256')
    return { url: url.href, flow_id: flowId, expires_in: FLOW_MS / 1000 }
  }

  /** @throws AppError `relay.sign-in-unknown`, `relay.sign-in-expired`, `relay.openrouter-refused`, `relay.upstream-unreachable` */
  async finish(flowId: string, code: string): Promise<void> {
    const flow = this.flows.get(flowId)
    if (flow === undefined)
      throw new AppError('relay.sign-in-unknown', 'There is no sign-in with this flow_id.')
    // A code can be used once; a second try with the same one would fail anyway.
    this.flows.delete(flowId)
    if (this.ambient.monotonicMs() >= flow.endsAtMs)
      throw new AppError('relay.sign-in-expired', 'The sign-in to OpenRouter took longer than 10 minutes.', {
        remedy: 'Start a new sign-in.',
      })
    await this.onKey(await this.exchange(code, flow.verifier))
  }

  /**
   * Asks OpenRouter whether a key is good. Not reaching it says nothing about the key.
   * https://openrouter.ai/docs/api-reference/get-current-key
   *
   * @throws AppError `relay.token-unusable` when it is not.
   */
  async tryKey(key: string): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const headers = { accept: 'application/json', authorization: `Bearer ${key}` }
    const url = new URL('/api/v1/key', this.baseUrl).href
    const answer = await sendRequest(url, { dispatcher: this.dispatcher, headers, signal })
      .then(async ({ statusCode, body }) => ({ status: statusCode, body: parseJson(await body.text()) }))
      .catch(() => undefined)
    if (answer?.status !== 401 && answer?.status !== 403) return
    throw new AppError('relay.token-unusable', `OpenRouter does not take this key ${said(answer)}.`, {
      remedy: 'Copy it again, whole, or make a new one at https://openrouter.ai/settings/keys.',
    })
  }

  private async exchange(code: string, verifier: string): Promise<string> {
    const { status, body } = await this.post({
      code,
      code_verifier: verifier,
      code_challenge_method: 'S256',
    })
    const answer = keyAnswer.safeParse(body)
    if (status === 200 && answer.success) return answer.data.key
    throw new AppError('relay.openrouter-refused', `OpenRouter gave no key ${said({ status, body })}.`)
  }

  private async post(body: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
    try {
      const reply = await sendRequest(new URL('/api/v1/auth/keys', this.baseUrl).href, {
        dispatcher: this.dispatcher,
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
      const text = await reply.body.text()
      return { status: reply.statusCode, body: parseJson(text) }
    } catch (error) {
      throw new AppError('relay.upstream-unreachable', `OpenRouter does not answer (${reasonOf(error)}).`, {
        cause: error,
      })
    }
  }

  private forgetOld(): void {
    const now = this.ambient.monotonicMs()
    for (const [id, flow] of this.flows) if (now >= flow.endsAtMs) this.flows.delete(id)
    const [oldest] = this.flows.keys()
    if (this.flows.size >= FLOWS_MAX && oldest !== undefined) this.flows.delete(oldest)
  }
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { hostname, protocol } = new URL(url)
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `(status 403): Invalid code` */
function said({ status, body }: { readonly status: number; readonly body: unknown }): string {
  const error = refusal.safeParse(body).data?.error
  const text = typeof error === 'string' ? error : error?.message
  return `(status ${status})${text === undefined ? '' : `: ${redactText(text.slice(0, 300))}`}`
}
