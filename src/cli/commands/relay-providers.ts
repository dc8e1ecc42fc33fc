import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { adminRequest } from '../../node/admin-client.ts'
import { AppError, fromFailure } from '../../shared/errors/app-error.ts'
import { type ProviderInfo, type ProviderList, providerListSchema } from '../../shared/protocol/providers.ts'
import { ownName } from '../own-name.ts'
import { testProvider } from '../provider-test.ts'
import { readSecret } from '../read-secret.ts'
import { type SocketOptions, socketOf, withSocketOptions } from '../relay-socket.ts'
import { textTable } from '../text-table.ts'

interface AddOptions extends SocketOptions {
  readonly key?: boolean
  readonly keyEnv?: string
  readonly keyFile?: string
  readonly wires?: string[]
  readonly models?: string[]
}

/** `sovereign relay providers list|add|remove|test`: OpenAI-compatible servers that the running relay uses. */
export function relayProvidersCommand(): Command {
  const command = new Command('providers').description(
    'use OpenAI-compatible servers, such as vLLM, llama.cpp or LM Studio, beside Copilot and OpenRouter',
  )
  withSocketOptions(command.command('list'))
    .option('--json', 'for machines')
    .description('show the providers and what is wrong with them')
    .action(async (options: SocketOptions & { readonly json?: boolean }) => {
      const list = await read(socketOf(options))
      print(options.json ? JSON.stringify(list) : describe(list))
    })
  command.addCommand(addCommand())
  withSocketOptions(command.command('remove'))
    .argument('<name>')
    .description('forget a provider and its key')
    .action(async (name: string, options: SocketOptions) => {
      const path = `/admin/providers/${encodeURIComponent(name)}`
      const { body } = await adminRequest(socketOf(options), 'DELETE', path)
      print(withUnsaved(`${name} is not used any more.`, providerListSchema.parse(body)))
    })
  withSocketOptions(command.command('test'))
    .argument('<name>')
    .option('--model <id>', 'model to try, as the provider calls it; otherwise the first of its list')
    .description('ask a provider for its models and for one short answer')
    .action(async (name: string, options: SocketOptions & { readonly model?: string }) => {
      const socket = socketOf(options)
      await testProvider(socket, await findReady(socket, name), options.model, print)
    })
  return command
}

function addCommand(): Command {
  return withSocketOptions(new Command('add'))
    .argument('<name>', 'stands before its models: up to 31 small letters, digits and dashes')
    .argument('<url>', 'base address, which usually ends in /v1')
    .option('--key', 'it wants a key; it is asked for, or read from a pipe')
    .addOption(
      new Option('--key-env <name>', 'the key is in this environment variable of the relay').conflicts('key'),
    )
    .addOption(
      new Option('--key-file <path>', 'the key is in this file on the relay host').conflicts([
        'key',
        'keyEnv',
      ]),
    )
    .option('--wires <names...>', 'what it understands: chat, responses, messages, embeddings, completions')
    .option('--models <ids...>', 'its models, where it has no list of them')
    .description('use a provider from now on, in place of the one of that name')
    .action(add)
}

async function add(name: string, url: string, options: AddOptions): Promise<void> {
  const socket = socketOf(options)
  const provider = {
    base_url: url,
    ...(options.key ? { api_key: await readSecret(`Key for ${name}`) } : {}),
    ...(options.keyEnv === undefined ? {} : { api_key_env: options.keyEnv }),
    ...(options.keyFile === undefined ? {} : { api_key_file: resolve(options.keyFile) }),
    ...(options.wires === undefined ? {} : { wires: options.wires }),
    ...(options.models === undefined ? {} : { models: options.models }),
  }
  const { body } = await adminRequest(socket, 'POST', '/admin/providers', { name, provider })
  const list = providerListSchema.parse(body)
  const added = find(list, name)
  const lines = [
    `Models of ${name} are called as ${name}/MODEL from now on.`,
    ...(added.problem === null ? [] : [`Not usable yet: ${added.problem.message} ${added.problem.remedy}`]),
    `Try it: ${ownName()} relay providers test ${name}`,
  ]
  print(withUnsaved(lines.join('\n'), list))
}

async function read(socket: string): Promise<ProviderList> {
  return providerListSchema.parse((await adminRequest(socket, 'GET', '/admin/providers')).body)
}

async function findReady(socket: string, name: string): Promise<ProviderInfo> {
  const found = find(await read(socket), name)
  if (found.problem !== null) throw fromFailure({ ...found.problem, recovery: 'user' })
  return found
}

function find({ providers }: ProviderList, name: string): ProviderInfo {
  const found = providers.find((provider) => provider.name === name)
  if (found === undefined) throw new AppError('relay.provider-unknown', `There is no provider "${name}".`)
  return found
}

function describe(list: ProviderList): string {
  const { providers, defaultUpstream } = list
  const rule = `Models without a prefix go to ${defaultUpstream}.`
  if (providers.length === 0)
    return `There are no providers. ${rule} Add one: ${ownName()} relay providers add NAME URL`
  const table = textTable(
    [
      { title: 'PROVIDER', text: ({ name }) => name },
      { title: 'ADDRESS', text: ({ baseUrl }) => baseUrl },
      { title: 'KEY', text: ({ key }) => key },
      { title: 'UNDERSTANDS', text: ({ wires }) => wires.join(', ') },
      { title: 'MODELS', text: ({ models }) => (models === null ? 'asked' : String(models.length)) },
      { title: 'STATE', text: ({ problem }) => (problem === null ? 'ready' : 'key missing') },
    ],
    providers,
  )
  const problems = providers.flatMap(({ problem }) =>
    problem === null ? [] : [`${problem.message} ${problem.remedy}`],
  )
  return withUnsaved([table, '', ...problems, rule].join('\n'), list)
}

function withUnsaved(text: string, { unsaved }: ProviderList): string {
  return unsaved === undefined ? text : `${text}\nNot saved: ${unsaved} It is lost with the next restart.`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
