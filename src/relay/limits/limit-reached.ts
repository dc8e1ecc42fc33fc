import { FailureWithHeaders } from '../server/error-response.ts'
import type { Budget } from './budgets.ts'

/** Whom a limit is for: a client by name, or all of them. */
export type Holder = string | undefined

/**
 * `RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/), which knows whole numbers only.
 */
function headersOf(policy: string, parameters: string, waitSeconds: number): Record<string, string> {
  return {
    'retry-after': String(waitSeconds),
    ratelimit: `"${policy}";r=0;t=${waitSeconds}`,
    ...(parameters === '' ? {} : { 'ratelimit-policy': `"${policy}";${parameters}` }),
  }
}

export function rateExceeded(holder: Holder, limit: number, waitMs: number): FailureWithHeaders {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  const { subject, has } = wordsFor(holder)
  return new FailureWithHeaders(
    'limits.rate-exceeded',
    `${subject} ${has} sent ${requests(limit)} within a minute, which is the limit; the next is let in after ${seconds} s.`,
    headersOf('requests_per_minute', `q=${limit};w=60`, seconds),
    {
      remedy: `Wait that long, or raise it on the relay: ${commandFor(holder)} --requests-per-minute NUMBER`,
    },
  )
}

/** When one of the others ends is not known; asking again costs nothing. */
const CONCURRENCY_WAIT_S = 1

export function concurrencyExceeded(holder: Holder, limit: number): FailureWithHeaders {
  const { subject, has } = wordsFor(holder)
  return new FailureWithHeaders(
    'limits.concurrency-exceeded',
    `${subject} ${has} ${requests(limit)} under way, which is the limit.`,
    headersOf('concurrent', `q=${limit};qu="concurrent-requests"`, CONCURRENCY_WAIT_S),
    {
      remedy: `Wait until one has ended, or raise it on the relay: ${commandFor(holder)} --concurrent NUMBER`,
    },
  )
}

/** @param used in the unit of the budget. @param resetsAt ISO time. */
export function monthSpent(
  holder: Holder,
  { kind, limit }: Budget,
  used: number,
  resetsAt: string,
  now: number,
): FailureWithHeaders {
  const { subject, has } = wordsFor(holder)
  const seconds = Math.max(1, Math.ceil((Date.parse(resetsAt) - now) / 1000))
  const option = `--${kind.name.replaceAll('_', '-')}`
  return new FailureWithHeaders(
    'limits.month-spent',
    `${subject} ${has} used ${show(used)} of ${show(limit)} ${kind.unit} this month. The sum starts again at zero on ${resetsAt.slice(0, 10)} 00:00 UTC.`,
    {
      ...headersOf(`${kind.name}_per_month`, Number.isInteger(limit) ? `q=${limit}` : '', seconds),
      // The OpenAI and Anthropic libraries would try twice more within seconds.
      'x-should-retry': 'false',
    },
    { remedy: `Wait until then, or raise it on the relay: ${commandFor(holder)} ${option} NUMBER` },
  )
}

function wordsFor(holder: Holder): { readonly subject: string; readonly has: 'has' | 'have' } {
  if (holder === undefined) return { subject: 'All clients together', has: 'have' }
  if (holder === 'unknown') return { subject: 'The clients without a token', has: 'have' }
  return { subject: `The client ${holder}`, has: 'has' }
}

function commandFor(holder: Holder): string {
  return holder === undefined ? 'sovereign relay limits relay' : `sovereign relay clients limit ${holder}`
}

function requests(count: number): string {
  return `${count} request${count === 1 ? '' : 's'}`
}

function show(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 4 })
}
