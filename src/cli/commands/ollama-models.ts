import { Command } from 'commander'
import { adminRequest } from '../../node/admin-client.ts'
import { adminStream } from '../../node/admin-stream.ts'
import { AppError, fromFailure } from '../../shared/errors/app-error.ts'
import {
  type InstalledModel,
  type InstalledModels,
  installedModelsSchema,
  type OllamaOverview,
  ollamaOverviewSchema,
  type PullLine,
  pullLineSchema,
} from '../../shared/protocol/ollama-admin.ts'
import { byteCount } from '../../shared/util/amounts.ts'
import { ownName } from '../own-name.ts'
import { PullProgress } from '../pull-progress.ts'
import { type SocketOptions, socketOf, withSocketOptions } from '../relay-socket.ts'
import { plainText } from '../terminal-text.ts'
import { textTable } from '../text-table.ts'

/** A server that loads a model answers late. */
const TIMEOUT_MS = 30_000
/** What a shell reports for a program that Ctrl-C ended. */
const INTERRUPTED_EXIT_CODE = 130

/** `sovereign ollama use|forget|models|pull|remove`: the Ollama of the running relay, for its owner. */
export function ollamaModelCommands(): Command[] {
  return [useCommand(), forgetCommand(), modelsCommand(), pullCommand(), removeCommand()]
}

interface UseOptions extends SocketOptions {
  readonly allowCloud?: boolean
  readonly models?: string[]
}

function useCommand(): Command {
  return withSocketOptions(new Command('use'))
    .argument('<url>', 'address of Ollama with its port, such as http://192.168.250.20:11434')
    .option('--allow-cloud', 'let models answer that Ollama passes on to ollama.com')
    .option('--models <names...>', 'the models that clients may use, with * for anything; otherwise all')
    .description('let the relay offer the models of an Ollama to its clients')
    .action(async (url: string, options: UseOptions) => {
      const config = {
        url,
        ...(options.allowCloud ? { local_only: false } : {}),
        ...(options.models === undefined ? {} : { models: options.models }),
      }
      const overview = await change(options, 'POST', config)
      const lines = [
        'Models of this Ollama are called as ollama/MODEL from now on.',
        `See them: ${ownName()} ollama models`,
      ]
      print(withUnsaved(lines.join('\n'), overview))
    })
}

function forgetCommand(): Command {
  return withSocketOptions(new Command('forget'))
    .description('let the relay offer no models of Ollama any more')
    .action(async (options: SocketOptions) => {
      print(withUnsaved('The relay uses no Ollama any more.', await change(options, 'DELETE')))
    })
}

function modelsCommand(): Command {
  return withSocketOptions(new Command('models'))
    .option('--json', 'for machines')
    .description('show the models of the Ollama that the relay uses')
    .action(async (options: SocketOptions & { readonly json?: boolean }) => {
      const socket = socketOf(options)
      const { body } = await adminRequest(socket, 'GET', '/admin/ollama/models', undefined, TIMEOUT_MS)
      const installed = installedModelsSchema.parse(body)
      print(options.json ? JSON.stringify(installed) : describe(installed))
    })
}

function pullCommand(): Command {
  return withSocketOptions(new Command('pull'))
    .argument('<model>', 'such as qwen3:8b or hf.co/OWNER/MODEL:Q4_K_M')
    .description('load a model onto the Ollama that the relay uses; Ctrl-C breaks it off')
    .action(async (model: string, options: SocketOptions) => pull(model, socketOf(options)))
}

function removeCommand(): Command {
  return withSocketOptions(new Command('remove'))
    .argument('<model>')
    .description('delete a model from the Ollama that the relay uses')
    .action(async (model: string, options: SocketOptions) => {
      const path = `/admin/ollama/models/${encodeURIComponent(model)}`
      await adminRequest(socketOf(options), 'DELETE', path, undefined, TIMEOUT_MS)
      print(`${plainText(model)} is removed.`)
    })
}

async function pull(model: string, socket: string): Promise<void> {
  const progress = new PullProgress(process.stderr)
  const stop = new AbortController()
  const onInterrupt = (): void => stop.abort()
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt)
  try {
    await follow(
      adminStream(socket, { path: '/admin/ollama/pull', body: { model }, signal: stop.signal }),
      progress,
    )
    print(`${plainText(model)} is there. Clients call it as ollama/${plainText(model)}.`)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    progress.close()
    console.error('Stopped. What is there already is kept for the next time.')
    process.exitCode = INTERRUPTED_EXIT_CODE
  } finally {
    progress.close()
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt)
  }
}

/** @throws AppError also for a pull that failed inside of its answer. */
async function follow(lines: AsyncIterable<unknown>, progress: PullProgress): Promise<void> {
  let last: PullLine | undefined
  for await (const line of lines) {
    last = pullLineSchema.parse(line)
    if (last.relay !== undefined) throw fromFailure({ ...last.relay, recovery: 'user' })
    if (last.error !== undefined)
      throw new AppError('ollama.pull-failed', `Ollama says: ${plainText(last.error)}.`)
    progress.show(last)
  }
  if (last?.status !== 'success')
    throw new AppError('ollama.pull-failed', 'Ollama ended before the model was there.')
}

async function change(
  options: SocketOptions,
  method: 'POST' | 'DELETE',
  body?: object,
): Promise<OllamaOverview> {
  return ollamaOverviewSchema.parse(
    (await adminRequest(socketOf(options), method, '/admin/ollama', body)).body,
  )
}

function describe({ url, localOnly, models }: InstalledModels): string {
  if (models.length === 0) return `Ollama at ${url} has no models. Load one: ${ownName()} ollama pull MODEL`
  const table = textTable<InstalledModel>(
    [
      { title: 'MODEL', text: ({ name }) => plainText(name) },
      { title: 'SIZE', align: 'right', text: ({ size }) => (size === null ? '' : byteCount(size)) },
      { title: 'PARAMETERS', text: ({ parameters }) => plainText(parameters ?? '') },
      { title: 'QUANTISATION', text: ({ quantization }) => plainText(quantization ?? '') },
      { title: 'CONTEXT', align: 'right', text: contextText },
      { title: 'STATE', text: (model) => stateText(model, localOnly) },
    ],
    models,
  )
  const short = models.filter(({ hasShortContext }) => hasShortContext)
  const warning = `! Agents need more context than ${short.map(({ name }) => plainText(name)).join(', ')} has: longer prompts are cut without a word. Set OLLAMA_CONTEXT_LENGTH on the machine of Ollama.`
  return [`Ollama at ${url}`, '', table, ...(short.length > 0 ? ['', warning] : [])].join('\n')
}

function contextText({ contextLength, maxContextLength }: InstalledModel): string {
  if (contextLength !== null) return String(contextLength)
  return maxContextLength === null ? '' : `up to ${maxContextLength}`
}

function stateText({ isCloud, isLoaded, isOpen }: InstalledModel, localOnly: boolean): string {
  if (isCloud) return localOnly ? 'ollama.com, refused' : 'ollama.com'
  if (!isOpen) return 'closed to clients'
  return isLoaded ? 'loaded' : ''
}

function withUnsaved(text: string, { unsaved }: OllamaOverview): string {
  return unsaved === undefined ? text : `${text}\nNot saved: ${unsaved} It is lost with the next restart.`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
