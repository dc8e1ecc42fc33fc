import { Command } from 'commander'
import { adminRequest } from '../../node/admin-client.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { type ClientList, clientListSchema, newTokenSchema } from '../../shared/protocol/clients.ts'
import { ownName } from '../own-name.ts'
import { type SocketOptions, socketOf, withSocketOptions } from '../relay-socket.ts'
import { ago, textTable } from '../text-table.ts'
import { clientLimitCommand } from './relay-limits.ts'

/** `sovereign relay clients add|list|revoke|limit|require|admin-token`; failures are thrown as AppError. */
export function relayClientsCommand(): Command {
  const command = new Command('clients').description('say which clients may use the relay')
  withSocketOptions(command.command('add'))
    .argument('<name>', 'name of the client, such as its host name')
    .description('make a token for a client; it is shown once')
    .action(async (name: string, options: SocketOptions) => print(await add(socketOf(options), name)))
  withSocketOptions(command.command('list'))
    .option('--json', 'for machines')
    .description('show the clients and when they were last seen')
    .action(async (options: SocketOptions & { readonly json?: boolean }) => {
      const list = await call(socketOf(options), 'GET', '/admin/clients')
      print(options.json ? JSON.stringify(list) : describe(list, Date.now()))
    })
  withSocketOptions(command.command('revoke'))
    .argument('<name>')
    .description('refuse the token of a client from now on')
    .action(async (name: string, options: SocketOptions) => {
      await call(socketOf(options), 'DELETE', `/admin/clients/${encodeURIComponent(name)}`)
      print(`The token of ${name} is refused from now on. Limits of its own are gone with it.`)
    })
  withSocketOptions(command.command('require'))
    .argument('<on|off>')
    .description('ask every client for its token, or let anybody in who reaches the port')
    .action(async (word: string, options: SocketOptions) => print(await setRequired(socketOf(options), word)))
  withSocketOptions(command.command('admin-token'))
    .option('--drop', 'refuse the admin token from now on')
    .description('make a token with admin rights in place of the one before; it is shown once')
    .action(async (options: SocketOptions & { readonly drop?: boolean }) =>
      print(await adminToken(socketOf(options), options.drop === true)),
    )
  command.addCommand(clientLimitCommand())
  return command
}

async function add(socket: string, name: string): Promise<string> {
  const { body } = await adminRequest(socket, 'POST', '/admin/clients', { name })
  const { token } = newTokenSchema.parse(body)
  const { required } = await call(socket, 'GET', '/admin/clients')
  const lines = [
    token,
    '',
    `This token of ${name} is shown only now. On the client:`,
    `  export SOVEREIGN_TOKEN=${token}`,
    '  curl -fsSL http://localhost:8080/setup | bash',
    'Programs that this does not set up take the token where their API key belongs.',
  ]
  if (!required) {
    lines.push(
      '',
      `Clients without a token are still let in. "${ownName()} relay clients require on" ends that.`,
    )
  }
  return lines.join('\n')
}

async function setRequired(socket: string, word: string): Promise<string> {
  if (word !== 'on' && word !== 'off') {
    throw new AppError('clients.request-invalid', `"${word}" is neither "on" nor "off".`, {
      remedy: 'Say "on" to ask for tokens, or "off" not to.',
    })
  }
  const { body } = await adminRequest(socket, 'POST', '/admin/clients/require', { required: word === 'on' })
  const { clients } = clientListSchema.parse(body)
  if (word === 'off') return 'Everybody who reaches the port of the relay may use it.'
  return `Every client needs its token now; ${clients.length} ${clients.length === 1 ? 'has' : 'have'} one.`
}

async function adminToken(socket: string, drop: boolean): Promise<string> {
  if (drop) {
    await call(socket, 'DELETE', '/admin/token')
    return 'There is no admin token any more; the admin socket still works.'
  }
  const { body } = await adminRequest(socket, 'POST', '/admin/token')
  const { token } = newTokenSchema.parse(body)
  return `${token}\n\nThis admin token is shown only now, and replaces the one before. Keep it off the clients.`
}

async function call(socket: string, method: 'GET' | 'DELETE', path: string): Promise<ClientList> {
  return clientListSchema.parse((await adminRequest(socket, method, path)).body)
}

function describe({ clients, required, adminToken }: ClientList, now: number): string {
  const rule = required ? 'Every client needs its token.' : 'Clients without a token are let in.'
  const admin = adminToken ? ' There is an admin token.' : ''
  if (clients.length === 0) return `No client has a token. ${rule}${admin}`
  const table = textTable(
    [
      { title: 'CLIENT', text: ({ name }) => name },
      { title: 'ADDED', text: ({ createdAt }) => createdAt.slice(0, 10) },
      { title: 'LAST USED', text: ({ lastUsedAt }) => ago(lastUsedAt, now) },
    ],
    clients,
  )
  return `${table}\n\n${rule}${admin}`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
