import { type Command, InvalidArgumentError } from 'commander'
import { adminRequest } from '../node/admin-client.ts'
import {
  type ChangeLimits,
  type LimitChanges,
  type LimitsOverview,
  limitsOverviewSchema,
} from '../shared/protocol/limits.ts'

type LimitValue = number | 'none'

export interface LimitOptions {
  readonly requestsPerMinute?: LimitValue
  readonly concurrent?: LimitValue
  readonly premiumRequests?: LimitValue
  readonly aiCredits?: LimitValue
  readonly usd?: LimitValue
  readonly requests?: LimitValue
  readonly tokens?: LimitValue
  /** Takes all limits away before others are set. */
  readonly none?: boolean
}

/** One option for each limit; `none` takes that limit away. */
export function withLimitOptions(command: Command): Command {
  return command
    .option('--requests-per-minute <number>', 'requests in any 60 seconds', limitValue)
    .option('--concurrent <number>', 'requests under way at once', limitValue)
    .option('--usd <number>', 'US dollars a month, as OpenRouter and others report them', limitValue)
    .option('--ai-credits <number>', 'Copilot AI credits a month', limitValue)
    .option('--premium-requests <number>', 'Copilot premium requests a month', limitValue)
    .option('--requests <number>', 'requests a month', limitValue)
    .option('--tokens <number>', 'input and output tokens a month', limitValue)
    .option('--none', 'take all other limits away')
}

/** Undefined where no option says what to change. */
export function changesIn(options: LimitOptions): Pick<ChangeLimits, 'from' | 'changes'> | undefined {
  const named: Readonly<Record<keyof LimitChanges, LimitValue | undefined>> = {
    requests_per_minute: options.requestsPerMinute,
    concurrent: options.concurrent,
    premium_requests: options.premiumRequests,
    ai_credits: options.aiCredits,
    usd: options.usd,
    requests: options.requests,
    tokens: options.tokens,
  }
  const changes: LimitChanges = Object.fromEntries(
    Object.entries(named)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value === 'none' ? null : value]),
  )
  if (options.none === true) return { from: 'nothing', changes }
  return Object.keys(changes).length === 0 ? undefined : { from: 'current', changes }
}

export async function readLimits(socket: string): Promise<LimitsOverview> {
  return limitsOverviewSchema.parse((await adminRequest(socket, 'GET', '/admin/limits')).body)
}

/** @throws AppError `clients.not-found`, `clients.request-invalid` */
export async function changeLimits(socket: string, change: ChangeLimits): Promise<LimitsOverview> {
  return limitsOverviewSchema.parse((await adminRequest(socket, 'POST', '/admin/limits', change)).body)
}

function limitValue(text: string): LimitValue {
  if (text === 'none') return text
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('A limit is a number, or "none".')
  return value
}
