import type { HostStatus } from '../ollama-host/status.ts'
import type { LoadedModel } from '../shared/state/ollama.ts'
import { byteCount } from '../shared/util/amounts.ts'
import { plainText } from './terminal-text.ts'

const KINDS: Readonly<Record<HostStatus['kind'], string>> = {
  own: 'set up by Sovereign Bridge',
  changed: "of Ollama's installer, changed by Sovereign Bridge",
  stock: "as Ollama's installer set it up",
  none: 'none on this machine',
}

/** A line for each fact, and below them what is wrong and what to do about it. */
export function ollamaStatusText(status: HostStatus): string {
  const { isRunning, kind, listeners, loaded, logCommand, memory, models, problems, service, url } = status
  const facts: (readonly [string, string])[] = [
    ['Service', service === undefined ? KINDS.none : `${service}, ${KINDS[kind]}`],
    ['Running', `${isRunning ? 'yes' : 'no'}${status.startsWithMachine ? ', starts with the machine' : ''}`],
    ['Address', url],
    ['Open at', listeners.length === 0 ? 'no address' : listeners.join(', ')],
    ['Version', plainText(status.version ?? 'unknown')],
    ['Models', modelsText(models)],
    ['Loaded', loaded.length === 0 ? 'none; the first request loads one' : loaded.map(loadedText).join('\n')],
    ['Memory', memoryText(memory)],
    ...(logCommand === undefined ? [] : [['Log', logCommand] as const]),
  ]
  const lines = facts.map(
    ([name, text]) => `${name.padEnd(8)} ${text.replaceAll('\n', `\n${' '.repeat(9)}`)}`,
  )
  const wrong = problems.map(({ message, remedy }) => `\n${message}\n  ${remedy}`)
  return [...lines, ...wrong].join('\n')
}

function modelsText(models: HostStatus['models']): string {
  if (models.length === 0) return 'none'
  const here = models.filter(({ isCloud }) => !isCloud)
  const bytes = here.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
  const cloud = models.length - here.length
  const text = `${here.length}, ${byteCount(bytes)} in all`
  return cloud === 0 ? text : `${text}; ${cloud} more at ollama.com`
}

export function loadedText({ name, contextLength, vramBytes }: LoadedModel): string {
  const context = contextLength === undefined ? 'context unknown' : `context of ${contextLength} tokens`
  const memory = vramBytes === undefined ? '' : `, ${byteCount(vramBytes)} of graphics memory`
  return `${plainText(name)}: ${context}${memory}`
}

function memoryText({ freeBytes, serverBytes, totalBytes }: HostStatus['memory']): string {
  const server = serverBytes === undefined ? '' : `; the server itself has ${byteCount(serverBytes)}`
  return `${byteCount(freeBytes)} of ${byteCount(totalBytes)} free${server}`
}
