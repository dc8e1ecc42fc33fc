import { lookup as systemLookup } from 'node:dns/promises'
import { AppError } from '../../shared/errors/app-error.ts'
import type { AddressPolicy } from './address-policy.ts'
import { parseHost } from './host.ts'
import { inTurns, type Lookup } from './lookups.ts'

export interface CheckedAddress {
  readonly address: string
  readonly family: 4 | 6
}

export const SYSTEM_LOOKUP: Lookup = inTurns((name) => systemLookup(name, { all: true, order: 'verbatim' }))

/**
 * The addresses of a host that the policy lets through. A connection has to go to one of these and must not look the
 * name up again: the answer may be another one by then (DNS rebinding).
 *
 * @returns at once for a literal, which needs no look-up.
 * @throws AppError `egress.denied` if there is none, `egress.dns-failed`.
 */
export function checkedAddresses(
  host: string,
  policy: AddressPolicy,
  lookup: Lookup = SYSTEM_LOOKUP,
  signal?: AbortSignal,
): readonly CheckedAddress[] | Promise<readonly CheckedAddress[]> {
  const parsed = parseHost(host)
  return parsed.kind === 'address'
    ? allowedOf(parsed.address, [parsed], policy)
    : resolve(parsed.name, lookup, signal).then((found) => allowedOf(parsed.name, found, policy))
}

function allowedOf(
  name: string,
  found: readonly { address: string; family: number }[],
  policy: AddressPolicy,
): readonly CheckedAddress[] {
  let objection: AppError | undefined
  const allowed: CheckedAddress[] = []
  for (const { address, family } of found) {
    const verdict = policy.objection(name, address)
    if (verdict === undefined) allowed.push({ address, family: family === 6 ? 6 : 4 })
    else objection ??= verdict
  }
  if (allowed.length > 0) return allowed
  throw objection ?? new AppError('egress.dns-failed', `${name} has no address.`)
}

async function resolve(
  name: string,
  lookup: Lookup,
  signal: AbortSignal | undefined,
): Promise<readonly { address: string; family: number }[]> {
  try {
    return await lookup(name, signal)
  } catch (error) {
    const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? '') : ''
    const why = code === 'ENOTFOUND' ? 'no such name' : code
    throw new AppError('egress.dns-failed', `${name} could not be resolved (${why}).`, { cause: error })
  }
}
