import { Command } from 'commander'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ChangeLimits } from '../../shared/protocol/limits.ts'
import { changeLimits, changesIn, type LimitOptions, readLimits, withLimitOptions } from '../limit-options.ts'
import { describeLimits, describeSet, unsavedLine } from '../limits-text.ts'
import { type SocketOptions, socketOf, withSocketOptions } from '../relay-socket.ts'

/** `sovereign relay limits`, alone: shows them. Below it: those that belong to no single client. */
export function relayLimitsCommand(): Command {
  const command = withSocketOptions(new Command('limits'))
    .enablePositionalOptions()
    .option('--json', 'for machines')
    .description('show what clients may use, what they have used and when it starts again')
    .action(async (options: SocketOptions & { readonly json?: boolean }) => {
      const overview = await readLimits(socketOf(options))
      print(options.json ? JSON.stringify(overview) : describeLimits(overview, Date.now()))
    })
  withLimitOptions(withSocketOptions(command.command('default')))
    .description('limit each client that has no limits of its own')
    .action(async (options: SocketOptions & LimitOptions) => {
      const set = await changed(options, { kind: 'default' })
      print(`Each client without limits of its own: ${set}.`)
    })
  withLimitOptions(withSocketOptions(command.command('relay')))
    .description('limit all clients together')
    .action(async (options: SocketOptions & LimitOptions) => {
      const set = await changed(options, { kind: 'relay' })
      print(`All clients together: ${set}.`)
    })
  return command
}

/** `limit` of `sovereign relay clients`. */
export function clientLimitCommand(): Command {
  return withLimitOptions(withSocketOptions(new Command('limit')))
    .argument('<name>', 'name of the client; "unknown" for all without a token')
    .option('--default', 'let it have the limits of everybody else again')
    .description('limit what a client may use, at once and each month; takes effect at once')
    .action(async (name: string, options: SocketOptions & LimitOptions & { readonly default?: boolean }) => {
      const set = await changed(options, { kind: 'client', name }, options.default)
      print(`${name}: ${set}.`)
    })
}

async function changed(
  options: SocketOptions & LimitOptions,
  of: ChangeLimits['of'],
  usual = false,
): Promise<string> {
  const change = changesIn(options)
  if (usual && change !== undefined)
    throw new AppError('clients.request-invalid', '"--default" cannot stand beside limits.', {
      remedy: 'Give either "--default" or the limits that the client is to have.',
    })
  if (!usual && change === undefined)
    throw new AppError('clients.request-invalid', 'There is nothing to change.', {
      remedy: 'Name at least one limit, such as --usd 5, or --none; "--help" shows them.',
    })
  const overview = await changeLimits(socketOf(options), {
    of,
    ...(change ?? { from: 'default', changes: {} }),
  })
  const set = of.kind === 'client' ? (overview.clients[of.name] ?? overview.default) : overview[of.kind]
  if (overview.unsaved !== null) process.stderr.write(`${unsavedLine(overview.unsaved)}\n`)
  return describeSet(set)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
