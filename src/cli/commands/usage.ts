import { Command } from 'commander'
import { adminRequest } from '../../node/admin-client.ts'
import { detailsSchema } from '../../shared/protocol/usage.ts'
import { type SocketOptions, socketOf, withSocketOptions } from '../relay-socket.ts'
import { describeUsage } from '../usage-text.ts'

interface UsageCommandOptions extends SocketOptions {
  readonly month?: string
  readonly json?: boolean
}

/** `sovereign usage`: what went through the relay this month; failures are thrown as AppError. */
export function usageCommand(): Command {
  return withSocketOptions(new Command('usage'))
    .option('--month <month>', 'another month, such as 2026-10')
    .option('--json', 'for machines')
    .description('show tokens, credits, premium requests and cost of this month')
    .action(async (options: UsageCommandOptions) => {
      const query = options.month === undefined ? '' : `?month=${encodeURIComponent(options.month)}`
      const { body } = await adminRequest(socketOf(options), 'GET', `/stats${query}`)
      const details = detailsSchema.parse(body)
      process.stdout.write(`${options.json ? JSON.stringify(details) : describeUsage(details, Date.now())}\n`)
    })
}
