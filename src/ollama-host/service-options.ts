import { isAbsolute } from 'node:path'
import { AppError } from '../shared/errors/app-error.ts'
import { checkBindAddress } from './bind-address.ts'
import type { OllamaService } from './service.ts'

/** As a person gives them; what is left out gets what is right for coding agents of a few people. */
export interface ServiceOptions {
  readonly platform: 'linux' | 'darwin'
  readonly bind: string
  readonly port: number
  readonly binary?: string
  readonly user?: string
  /** Of an account that there is already. */
  readonly home?: string
  readonly context: number
  readonly keepAlive: string
  readonly parallel: number
  readonly maxQueue: number
  readonly models?: string
  readonly isLocalOnly: boolean
  readonly origins: readonly string[]
  readonly deviceHelper?: string
}

export const USUAL_SERVICE = {
  /** Agents need at least 64,000 tokens; Ollama's own default is as low as 4096. */
  context: 65_536,
  /** Long enough for a pause at work; a model that is kept for a day keeps its memory from all others. */
  keepAlive: '15m',
  parallel: 1,
  /** Ollama's own 512 let clients wait for hours where a refusal would tell them. */
  maxQueue: 64,
} as const

const PLACES = {
  linux: { binary: '/usr/local/bin/ollama', user: 'ollama', home: '/var/lib/ollama' },
  darwin: { binary: '/usr/local/bin/ollama', user: '_ollama', home: '/var/lib/ollama' },
} as const

/** @throws AppError `ollama-host.bind-refused`, `ollama-host.invalid` */
export function ollamaService(options: ServiceOptions): OllamaService {
  const { platform, port, context, keepAlive, parallel, maxQueue, isLocalOnly, deviceHelper } = options
  const places = PLACES[platform]
  const user = options.user ?? places.user
  if (user === 'nobody')
    throw invalid('nobody is shared by whatever has no account of its own', 'give another --user')
  if (user === 'root' || user === '0') throw invalid('Ollama does not run as root', 'give another --user')
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) throw invalid(`"${user}" is no name of an account`)
  const home = options.home ?? places.home
  return {
    ...{ platform, port, user, home, isLocalOnly },
    address: checkBindAddress(options.bind),
    binary: absolute('--binary', options.binary ?? places.binary),
    models: absolute('--models', options.models ?? `${home}/.ollama/models`),
    context: within('--context', context, 2_048, 16_777_216),
    keepAlive: duration(keepAlive),
    parallel: within('--parallel', parallel, 1, 256),
    maxQueue: within('--max-queue', maxQueue, 1, 100_000),
    origins: options.origins.map(origin),
    ...(deviceHelper === undefined ? {} : { deviceHelper }),
  }
}

function absolute(option: string, path: string): string {
  if (!isAbsolute(path) || /[\r\n\0]/.test(path))
    throw invalid(`${option} has to be an absolute path, and "${path}" is none`)
  return path
}

function within(option: string, amount: number, least: number, most: number): number {
  if (Number.isInteger(amount) && amount >= least && amount <= most) return amount
  throw invalid(`${option} is a whole number from ${least} to ${most}`)
}

/** Go's durations, or seconds; below zero stands for ever. */
function duration(text: string): string {
  if (/^(?:-1|0|(?:\d+(?:\.\d+)?(?:ms|s|m|h))+|\d+)$/.test(text)) return text
  throw invalid(`--keep-alive is a duration such as 15m or 1h30m, 0, or -1 for ever, and not "${text}"`)
}

function origin(text: string): string {
  if (text.includes('*'))
    throw invalid(
      `The origin "${text}" would let every page in a browser use Ollama, with all its models`,
      'name each origin, such as https://chat.example.org',
    )
  const parts = /^[a-z][a-z0-9+.-]*:\/\/[^\s/,?#@]+$/i.exec(text)
  if (parts === null) throw invalid(`"${text}" is no origin`, 'write one such as https://chat.example.org')
  return text
}

function invalid(what: string, how?: string): AppError {
  return new AppError('ollama-host.invalid', `${what}${how === undefined ? '' : `: ${how}`}.`)
}
