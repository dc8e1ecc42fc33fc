import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import {
  CONTROL_VERSION,
  controlError,
  type KillResponse,
  killResponse,
  type QueryResponse,
  queryResponse,
  unwrapAnswer,
  wakeResponse,
} from '../../shared/protocol/control.ts'
import type { ControlKind, WakeStage } from '../../shared/state/egress.ts'
import { type BackoffPolicy, backoffDelayMs } from '../../shared/util/backoff.ts'
import type { ControlPlane, KillReport, ServerReport } from './control-plane.ts'
import type { Price } from './price.ts'

export type ControlAction = 'wake' | 'query' | 'kill'

export interface HttpControlOptions {
  readonly kind: ControlKind
  readonly price: Price | undefined
  urlOf(action: ControlAction): URL
  bodyOf(action: ControlAction, fields: Readonly<Record<string, unknown>>): string
  /** @returns headers that prove who asks; made anew for every attempt. */
  sign(url: URL, body: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>>
  /** Where the server listens if the provider tells its address only. */
  readonly port: number
  readonly ambient: Ambient
}

const ATTEMPTS = 3
const BACKOFF: BackoffPolicy = { firstDelayMs: 250, capMs: 2_000, factor: 2, jitter: 0.5 }
const TIMEOUT_MS = 30_000
const WORDS_MAX = 300

/** A provider that is asked by signed POST requests, in the words of shared/protocol/control.ts. */
export function httpControl(options: HttpControlOptions): ControlPlane {
  const ask = async <T>(
    action: ControlAction,
    fields: Readonly<Record<string, unknown>>,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    const body = options.bodyOf(action, { version: CONTROL_VERSION, ...fields })
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await askOnce(options, action, body, signal)
      if ('answer' in outcome) return read(options, action, outcome.answer, schema)
      if (!outcome.mayHelpAgain || attempt >= ATTEMPTS) throw outcome.error
      await delay(backoffDelayMs(BACKOFF, attempt, options.ambient.random()), undefined, { signal })
    }
  }
  return {
    kind: options.kind,
    price: options.price,
    wake: async (owner, signal) => {
      await ask('wake', { owner }, wakeResponse, signal)
    },
    query: async (signal) => serverReport(await ask('query', {}, queryResponse, signal), options.port),
    kill: async (owner, signal) => killReport(await ask('kill', { owner }, killResponse, signal)),
    close: async () => undefined,
  }
}

type Outcome = { readonly answer: unknown } | { readonly error: AppError; readonly mayHelpAgain: boolean }

async function askOnce(
  options: HttpControlOptions,
  action: ControlAction,
  body: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const url = options.urlOf(action)
  const what = `"${action}" at ${url.host}`
  const headers = await options.sign(url, body, signal)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      // A redirect would send the signature elsewhere.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    return outcomeOf(what, response.status, await response.text())
  } catch (cause) {
    signal.throwIfAborted()
    const error = new AppError('control.failed', `${what} was not answered: ${wordsOf(cause)}.`, { cause })
    return { error, mayHelpAgain: true }
  }
}

function outcomeOf(what: string, httpStatus: number, text: string): Outcome {
  const { status, body } = parse(httpStatus, text)
  if (status < 400) return { answer: body }
  const said = `${what} was answered with status ${status}: ${saidBy(body, text)}`
  if (status === 401 || status === 403)
    return { error: new AppError('control.refused', said), mayHelpAgain: false }
  return { error: new AppError('control.failed', said), mayHelpAgain: status === 429 || status >= 500 }
}

function parse(status: number, text: string): { readonly status: number; readonly body: unknown } {
  try {
    return unwrapAnswer(status, JSON.parse(text))
  } catch {
    return { status, body: undefined }
  }
}

function read<T>(
  { urlOf }: HttpControlOptions,
  action: ControlAction,
  answer: unknown,
  schema: z.ZodType<T>,
): T {
  const { data } = schema.safeParse(answer)
  if (data !== undefined) return data
  throw new AppError(
    'control.failed',
    `"${action}" at ${urlOf(action).host} was answered with something that is not an answer to it.`,
    { remedy: 'Check the URL, and that both sides have the same version.' },
  )
}

/** What the other side says of itself; Lambda's own errors have `Message`. */
function saidBy(body: unknown, text: string): string {
  const ours = controlError.safeParse(body).data?.error
  if (ours !== undefined) return ours.slice(0, WORDS_MAX)
  const named = Object.entries(body ?? {}).find(([name]) => name.toLowerCase() === 'message')?.[1]
  return String(named ?? text).slice(0, WORDS_MAX)
}

/** Errors of fetch say "fetch failed", and why in their cause. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `nothing came within ${TIMEOUT_MS / 1000} s`
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}

/** Version 1 tells no stages. */
const STAGE_OF_STATUS: Readonly<Record<QueryResponse['status'], WakeStage>> = {
  negative: 'stopped',
  pending: 'pending',
  ready: 'running',
}

function serverReport(response: QueryResponse, defaultPort: number): ServerReport {
  const { status, stage, public_ip: host, port = defaultPort, message, startedAt, stopsAt } = response
  return {
    stage: stage ?? STAGE_OF_STATUS[status],
    address: status === 'ready' && host !== undefined ? { host, port } : undefined,
    message,
    startedAt: startedAt === undefined ? undefined : Date.parse(startedAt),
    stopsAt: stopsAt === undefined ? undefined : Date.parse(stopsAt),
  }
}

function killReport({ status, holders = 1 }: KillResponse): KillReport {
  if (status === 'held') return { kind: 'held', holders }
  return { kind: status === 'killed' ? 'stopped' : 'stopping' }
}
