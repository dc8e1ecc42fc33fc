import type { RunningServer } from '../../shared/state/egress.ts'

/** A list price; what comes of it is an estimate. */
export interface Price {
  readonly usdPerHour: number
  /** Where it is from, for people. */
  readonly source: string
}

/** AWS charges at least so much for every task: https://aws.amazon.com/fargate/pricing/ */
const CHARGED_AT_LEAST_MS = 60_000
const HOUR_MS = 3_600_000

const VCPU = 0.25
const MEMORY_GB = 0.5
/** For the public address while it is in use, the same everywhere: https://aws.amazon.com/vpc/pricing/ */
const IPV4_USD_PER_HOUR = 0.005

/** US dollars for an hour of a vCPU and of a GB, Linux on x86, by the list of November 2025. */
const FARGATE: ReadonlyMap<string, readonly [vcpu: number, gb: number]> = new Map([
  ['us-east-1', [0.04048, 0.004445]],
  ['us-east-2', [0.04048, 0.004445]],
  ['us-west-2', [0.04048, 0.004445]],
  ['eu-west-1', [0.04048, 0.004445]],
  ['eu-central-1', [0.04656, 0.00511]],
])
const DEFAULT_REGION = 'us-east-1'

/** @param region of the server; where its price is not in our list, that of us-east-1 is named and taken. */
export function fargatePrice(region: string): Price {
  const listed = FARGATE.has(region) ? region : DEFAULT_REGION
  const [vcpu, gb] = FARGATE.get(listed) ?? [0, 0]
  return {
    usdPerHour: vcpu * VCPU + gb * MEMORY_GB + IPV4_USD_PER_HOUR,
    source: `estimate: list price of AWS Fargate in ${listed}, 0.25 vCPU, 0.5 GB, with its IPv4 address`,
  }
}

/** What a server that runs since then has cost by now, in US dollars. */
export function costUntil(price: Price, startedAt: number, now: number): number {
  return (price.usdPerHour * Math.max(CHARGED_AT_LEAST_MS, now - startedAt)) / HOUR_MS
}

export function runningServer(
  price: Price | undefined,
  report: { readonly startedAt: number | undefined; readonly stopsAt: number | undefined },
  now: number,
): RunningServer | undefined {
  const { startedAt, stopsAt } = report
  if (startedAt === undefined) return undefined
  return {
    since: startedAt,
    costUsd: price === undefined ? undefined : costUntil(price, startedAt, now),
    ...(price === undefined ? {} : { costSource: price.source }),
    stopsAt,
  }
}
