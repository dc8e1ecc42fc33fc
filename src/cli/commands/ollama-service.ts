import { Command, InvalidArgumentError, Option } from 'commander'
import { isLoopback } from '../../ollama-host/bind-address.ts'
import { thisMachine } from '../../ollama-host/host-machine.ts'
import { installOllama } from '../../ollama-host/install.ts'
import type { InstallRequest } from '../../ollama-host/prepare.ts'
import { USUAL_PORT } from '../../ollama-host/service.ts'
import { serviceFiles } from '../../ollama-host/service-files.ts'
import { ollamaService, type ServiceOptions, USUAL_SERVICE } from '../../ollama-host/service-options.ts'
import { hostStatus } from '../../ollama-host/status.ts'
import { uninstallOllama } from '../../ollama-host/uninstall.ts'
import { ollamaStatusText } from '../ollama-status-text.ts'
import { portArgument } from '../port-argument.ts'

interface ServiceFlags {
  readonly bind: string
  readonly port: number
  readonly user?: string
  readonly binary?: string
  readonly context: number
  readonly keepAlive: string
  readonly parallel: number
  readonly maxQueue: number
  readonly models?: string
  /** False with `--no-cloud`. */
  readonly cloud: boolean
  readonly origins: readonly string[]
}

interface RenderFlags extends ServiceFlags {
  readonly platform?: 'darwin' | 'linux'
  readonly dropIn?: boolean
}

/** `sovereign ollama serve-config|install|status|uninstall`, on the machine that has the models. */
export function ollamaServiceCommands(): Command[] {
  return [
    withServiceFlags(new Command('serve-config'))
      .description('print the service that "install" would set up, for this kind of machine or another')
      .addOption(new Option('--platform <name>', 'kind of machine').choices(['linux', 'darwin']))
      .option('--drop-in', "print what changes the systemd unit of Ollama's own installer")
      .action(print),
    withServiceFlags(new Command('install'))
      .description('keep Ollama running on this machine, at one address and not as root')
      .action((flags: ServiceFlags) => installOllama(thisMachine(), requestOf(flags), say)),
    new Command('status')
      .description('show the Ollama of this machine: address, models, what is loaded, memory')
      .option('--json', 'for machines')
      .action(status),
    new Command('uninstall')
      .description('take the service away; Ollama itself and its models stay')
      .action(() => uninstallOllama(thisMachine(), say)),
  ]
}

function withServiceFlags(command: Command): Command {
  return command
    .requiredOption('--bind <address>', 'the one address to listen on, such as 192.168.250.20')
    .option('--port <port>', 'port to listen on', portArgument, USUAL_PORT)
    .option('--user <name>', 'account to run as; made where there is none')
    .option('--binary <path>', 'the program, where it is in no usual place')
    .option('--context <tokens>', 'tokens that a model sees at once', count, USUAL_SERVICE.context)
    .option('--keep-alive <time>', 'how long an unused model stays loaded', USUAL_SERVICE.keepAlive)
    .option('--parallel <requests>', 'answered at a time by a model', count, USUAL_SERVICE.parallel)
    .option(
      '--max-queue <requests>',
      'that may wait before others are refused',
      count,
      USUAL_SERVICE.maxQueue,
    )
    .option('--models <folder>', 'where the models lie')
    .option('--no-cloud', 'refuse models that run at ollama.com')
    .option('--origins <origins...>', 'web pages that may use it from a browser', [])
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number.')
  return Number(text)
}

function requestOf({ cloud, origins, ...flags }: ServiceFlags): InstallRequest {
  const { binary, bind, context, keepAlive, maxQueue, models, parallel, port, user } = flags
  return {
    ...{ bind, port, context, keepAlive, parallel, maxQueue, isLocalOnly: !cloud, origins },
    ...(binary === undefined ? {} : { binary }),
    ...(models === undefined ? {} : { models }),
    ...(user === undefined ? {} : { user }),
  }
}

/** Where Ollama's installer for Linux has its account at home. */
const STOCK_HOME = '/usr/share/ollama'

function print(flags: RenderFlags): void {
  const platform = flags.platform ?? (process.platform === 'darwin' ? 'darwin' : 'linux')
  const isDropIn = flags.dropIn === true && platform === 'linux'
  const options: ServiceOptions = {
    platform,
    ...(isDropIn ? { home: STOCK_HOME } : {}),
    ...requestOf(flags),
  }
  const service = ollamaService(options)
  for (const { path, content } of serviceFiles(service, isDropIn))
    console.log(`${platform === 'darwin' ? `<!-- ${path} -->` : `# ${path}`}\n${content}`)
  if (isLoopback(service.address))
    console.error(
      `${service.address} is reached from that machine alone, and by whoever comes there over SSH.`,
    )
}

async function status({ json }: { readonly json?: boolean }): Promise<void> {
  const found = await hostStatus(thisMachine())
  console.log(json === true ? JSON.stringify(found) : ollamaStatusText(found))
  if (found.version === undefined) process.exitCode = 1
}

function say(line: string): void {
  console.log(line)
}
