import type { Socket } from 'node:net'
import { AppError } from '../../shared/errors/app-error.ts'
import type { AddressPolicy } from './address-policy.ts'
import { type CheckedAddress, checkedAddresses } from './checked-addresses.ts'
import type { Lookup } from './lookups.ts'
import { raceConnect } from './race-connect.ts'

export interface DialOptions {
  readonly policy: AddressPolicy
  /** The resolver of the system unless told. */
  readonly lookup?: Lookup
  /** A last word about an address that the policy lets through: a reason not to go there, or undefined. */
  readonly objection?: (address: CheckedAddress, port: number) => AppError | undefined
  /** For the name and the connection together; 10 s unless told. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000

/**
 * Looks a host up, asks the policy about every address, and connects to one that it lets through, without looking up
 * again. The socket keeps half-close and is not yet read.
 *
 * @param signals each of them calls it off.
 * @throws AppError `egress.denied`, `egress.dns-failed`, `egress.refused`, `egress.unreachable`, `egress.timeout`, and
 * those of `objection`; the reason of the signal.
 */
export async function dial(
  target: { readonly host: string; readonly port: number },
  options: DialOptions,
  ...signals: readonly AbortSignal[]
): Promise<Socket> {
  const deadline = new AbortController()
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const timer = setTimeout(() => {
    const text = `${placeOf(target)} did not answer within ${timeoutMs / 1000} s.`
    deadline.abort(new AppError('egress.timeout', text))
  }, timeoutMs)
  const onAbort = (): void => deadline.abort(signals.find(({ aborted }) => aborted)?.reason)
  for (const signal of signals) signal.addEventListener('abort', onAbort)
  if (signals.some(({ aborted }) => aborted)) onAbort()
  try {
    const found = checkedAddresses(target.host, options.policy, options.lookup, deadline.signal)
    const checked = found instanceof Promise ? await abortable(found, deadline.signal) : found
    return await raceConnect(withoutObjection(checked, target.port, options), target.port, deadline.signal)
  } catch (error) {
    throw deadline.signal.aborted ? deadline.signal.reason : failureOf(error, target)
  } finally {
    clearTimeout(timer)
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
  }
}

function withoutObjection(
  addresses: readonly CheckedAddress[],
  port: number,
  { objection }: DialOptions,
): readonly CheckedAddress[] {
  if (objection === undefined) return addresses
  const objections = addresses.map((address) => objection(address, port))
  const kept = addresses.filter((_, index) => objections[index] === undefined)
  const reason = objections.find((found) => found !== undefined)
  if (kept.length === 0 && reason !== undefined) throw reason
  return kept
}

/** A lookup cannot be called off; its answer is then ignored. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function failureOf(error: unknown, target: { host: string; port: number }): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error
  const place = placeOf(target)
  const options = { cause: error }
  const code = (error as NodeJS.ErrnoException).code ?? error.message
  if (code === 'ECONNREFUSED')
    return new AppError('egress.refused', `${place} refused the connection.`, options)
  if (code === 'ETIMEDOUT') return new AppError('egress.timeout', `${place} did not answer.`, options)
  return new AppError('egress.unreachable', `${place} cannot be reached (${code}).`, options)
}

function placeOf({ host, port }: { host: string; port: number }): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}
