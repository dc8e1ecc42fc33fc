import { Command } from 'commander'
import { REAL_AMBIENT } from '../../node/ambient.ts'
import { hostUrl, urlHere } from '../../ollama-host/find-service.ts'
import { thisMachine } from '../../ollama-host/host-machine.ts'
import { type PullProgress, type Warmed, warmModel } from '../../ollama-host/warm.ts'
import { byteCount } from '../../shared/util/amounts.ts'
import { loadedText } from '../ollama-status-text.ts'
import { plainText } from '../terminal-text.ts'

interface WarmFlags {
  readonly url?: string
  readonly pull?: boolean
  readonly keepAlive?: string
  readonly json?: boolean
}

/** `sovereign ollama warm MODEL…`: loads models before somebody waits for them. */
export function ollamaWarmCommand(): Command {
  return new Command('warm')
    .argument('<model...>')
    .description('load models now, so that the first request need not wait')
    .option('--url <address>', 'Ollama to ask; otherwise the one of this machine')
    .option('--pull', 'pull those that are not installed')
    .option('--keep-alive <time>', 'how long they stay loaded while nobody uses them')
    .option('--json', 'for machines')
    .action(warm)
}

async function warm(models: readonly string[], flags: WarmFlags): Promise<void> {
  const url = flags.url === undefined ? await urlHere(thisMachine()) : hostUrl(flags.url)
  const show = flags.json === true ? () => undefined : progressLines()
  const done: Warmed[] = []
  for (const model of models) {
    const warmed = await warmModel(model, {
      url,
      mayPull: flags.pull === true,
      keepAlive: flags.keepAlive,
      signal: new AbortController().signal,
      ambient: REAL_AMBIENT,
      onProgress: show,
    })
    done.push(warmed)
    if (flags.json !== true) console.log(warmedText(warmed))
  }
  if (flags.json === true) console.log(JSON.stringify(done))
  if (done.some(({ kind }) => kind === 'failed')) process.exitCode = 1
}

function warmedText(warmed: Warmed): string {
  const name = plainText(warmed.model)
  if (warmed.kind === 'failed')
    return `FAILED   ${name}: ${warmed.cause.message}\n         ${warmed.cause.remedy}`
  const { found, isPulled, loadMs } = warmed
  const how = `${isPulled ? 'pulled, and ' : ''}loaded in ${(loadMs / 1000).toFixed(1)} s`
  if (found === undefined) return `ok       ${name}: ${how}; it is gone from memory already`
  const short = found.hasShortContext
    ? '\n         Coding agents need 65536 tokens: set OLLAMA_CONTEXT_LENGTH, or install with --context.'
    : ''
  return `ok       ${loadedText(found)}, ${how}${short}`
}

/** A line for every new thing that a pull does, and for every tenth of a layer. */
function progressLines(): (model: string, progress: PullProgress) => void {
  let last = ''
  return (model, { completed, status, total }) => {
    const tenth = total === undefined ? '' : ` ${Math.floor(((completed ?? 0) / total) * 10) * 10} %`
    const size = total === undefined ? '' : ` of ${byteCount(total)}`
    const line = `pulling  ${plainText(model)}: ${plainText(status)}${tenth}${size}`
    if (line === last) return
    last = line
    console.log(line)
  }
}
