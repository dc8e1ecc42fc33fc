import { readFile } from 'node:fs/promises'
import { isWildcard, listenersOn } from '../node/listeners.ts'
import { AppError, type Failure, toFailure } from '../shared/errors/app-error.ts'
import type { LoadedModel, OllamaModel } from '../shared/state/ollama.ts'
import { findService, hostUrl, urlHere } from './find-service.ts'
import type { HostMachine } from './host-machine.ts'
import { loadedAt, modelsAt, versionAt } from './ollama-client.ts'
import { askTool } from './tool-step.ts'

/** What there is to know of the Ollama of this machine. Sizes are bytes. */
export interface HostStatus {
  /** Name of what starts it; undefined where nothing of this machine does. */
  readonly service: string | undefined
  /** Whose set-up that is. */
  readonly kind: 'own' | 'changed' | 'stock' | 'none'
  readonly isRunning: boolean
  readonly startsWithMachine: boolean
  readonly url: string
  readonly version: string | undefined
  readonly models: readonly OllamaModel[]
  readonly loaded: readonly LoadedModel[]
  readonly memory: {
    readonly totalBytes: number
    readonly freeBytes: number
    /** Of the server itself, without the processes that run models; undefined where it cannot be seen. */
    readonly serverBytes: number | undefined
  }
  /** Every address on which something has the port. */
  readonly listeners: readonly string[]
  readonly logCommand: string | undefined
  readonly problems: readonly Failure[]
}

const ANSWER_WITHIN_MS = 10_000

export async function hostStatus(machine: HostMachine): Promise<HostStatus> {
  const found = await findService(machine)
  const url = found?.place === undefined ? await urlHere(machine) : hostUrl(found.place)
  const pid = await found?.control.pid()
  const listeners = await listenersOn(Number(new URL(url).port || 80))
  const answer = await askAll(url)
  return {
    service: found?.control.name,
    kind: found?.kind ?? 'none',
    isRunning: pid !== undefined || answer.version !== undefined,
    startsWithMachine: (await found?.control.isEnabled()) === true,
    url,
    version: answer.version,
    models: answer.models,
    loaded: answer.loaded,
    memory: {
      ...machine.memory(),
      serverBytes: pid === undefined ? undefined : await memoryOf(machine, pid),
    },
    listeners,
    logCommand: found?.control.logCommand,
    problems: [...answer.problems, ...wideProblem(listeners)],
  }
}

type Answer = Pick<HostStatus, 'version' | 'models' | 'loaded' | 'problems'>

async function askAll(url: string): Promise<Answer> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const nothing: Answer = { version: undefined, models: [], loaded: [], problems: [] }
  try {
    const version = await versionAt(url, signal)
    if (version === undefined)
      throw new AppError('ollama.not-ollama', `Another program answers at ${new URL(url).host}.`)
    const [models, loaded] = await Promise.all([modelsAt(url, signal), loadedAt(url, signal)])
    const short = loaded.filter(({ hasShortContext }) => hasShortContext)
    return { version, models, loaded, problems: short.map(shortContext) }
  } catch (error) {
    return { ...nothing, problems: [toFailure(error)] }
  }
}

function shortContext({ name, contextLength = 0 }: LoadedModel): Failure {
  return toFailure(
    new AppError('ollama.short-context', `${name} is loaded with a context of ${contextLength} tokens.`),
  )
}

function wideProblem(listeners: readonly string[]): Failure[] {
  const wide = listeners.filter(isWildcard)
  if (wide.length === 0) return []
  const message = `The port of Ollama is open at every address of this machine (${wide.join(', ')}).`
  return [
    toFailure(
      new AppError('ollama-host.too-wide', message, {
        remedy: 'Bind it to one with "sudo sovereign ollama install --bind ADDRESS".',
      }),
    ),
  ]
}

/** Resident bytes of a process. */
async function memoryOf(machine: HostMachine, pid: number): Promise<number | undefined> {
  if (machine.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
  }
  const kibibytes = Number((await askTool(machine, ['ps', '-o', 'rss=', '-p', String(pid)]))?.trim())
  return Number.isFinite(kibibytes) && kibibytes > 0 ? kibibytes * 1024 : undefined
}
