import { type Command, InvalidArgumentError } from 'commander'
import { adminRequest } from '../node/admin-client.ts'
import {
  type ChangeLimits,
  type LimitChanges,
  type LimitSet,
  type LimitsOverview,
  limitSetSchema,
  limitsOverviewSchema,
} from '../shared/protocol/limits.ts'
import { explainIssues } from '../shared/settings/explain.ts'

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
    .option('--requests-per-minute <number>', 'requests in any 60 seconds', limitOf('requests_per_minute'))
    .option('--concurrent <number>', 'requests under way at once', limitOf('concurrent'))
    .option('--usd <number>', 'US dollars a month, as OpenRouter and others report them', limitOf('usd'))
    .option('--ai-credits <number>', 'Copilot AI credits a month', limitOf('ai_credits'))
    .option('--premium-requests <number>', 'Copilot premium requests a month', limitOf('premium_requests'))
    .option('--requests <number>', 'requests a month', limitOf('requests'))
    .option('--tokens <number>', 'input and output tokens a month', limitOf('tokens'))
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

function limitOf(name: keyof LimitSet): (text: string) => LimitValue {
  return (text) => {
    if (text === 'none') return text
    const value = text.trim() === '' ? Number.NaN : Number(text)
    const { error } = limitSetSchema.shape[name].safeParse(value)
    if (error === undefined) return value
    // The last one: of a number beyond all counting the first is that of whole numbers.
    const [mistake] = explainIssues(error.issues.slice(-1), value, {})
    throw new InvalidArgumentError(`It ${mistake?.text ?? 'has to be a number'}, or "none".`)
  }
}
