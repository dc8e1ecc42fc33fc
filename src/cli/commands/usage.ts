import { Command } from 'commander'
import { adminRequest } from '../../node/admin-client.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { detailsSchema, type UsageDetails } from '../../shared/protocol/usage.ts'
import { type SocketOptions, socketOf, withSocketOptions } from '../relay-socket.ts'
import { describeUsage } from '../usage-text.ts'

interface UsageCommandOptions extends SocketOptions {
  readonly month?: string
  readonly json?: boolean
}

/** `sovereign usage`: what went through the relay this month; failures are thrown as AppError. */
export function usageCommand(): Command {
  return withSocketOptions(new Command('usage'))
    .option('--month <month>', 'another month, such as 2026-10', monthArgument)
    .option('--json', 'for machines')
    .description('show tokens, credits, premium requests and cost of this month')
    .action(async (options: UsageCommandOptions) => {
      const query = options.month === undefined ? '' : `?month=${encodeURIComponent(options.month)}`
      const { body } = await adminRequest(socketOf(options), 'GET', `/stats${query}`)
      const details = detailsOf(body)
      process.stdout.write(`${options.json ? JSON.stringify(details) : describeUsage(details, Date.now())}\n`)
    })
}

function monthArgument(text: string): string {
  if (!/^\d{4}-(?:0[1-9]|1[0-2])$/.test(text))
    throw new AppError('usage.month-invalid', `${JSON.stringify(text.slice(0, 40))} is no month.`)
  return text
}

function detailsOf(body: unknown): UsageDetails {
  const details = detailsSchema.safeParse(body)
  if (details.success) return details.data
  throw new AppError(
    'relay.not-a-relay',
    'The relay tells its usage in a form that this command does not know.',
    {
      remedy:
        'Bring both to the same version: restart the relay with the program that this command comes from.',
      cause: details.error,
    },
  )
}
