import { AppError } from '../../shared/errors/app-error.ts'
import { KEEPER } from './keeper.ts'

/** A machine that commands can be run on as its administrator. */
export interface Remote {
  /** For people: `root@192.168.250.1`. */
  readonly place: string
  /** Runs a program with arguments; rejects when the connection breaks. */
  run(command: string, options?: RemoteOptions): Promise<RemoteResult>
  close(): Promise<void>
}

interface RemoteOptions {
  readonly stdin?: string | Buffer
  readonly signal?: AbortSignal
}

export interface RemoteResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** What the keeper of the machine says of itself. Times are seconds of a clock of the machine's own. */
export interface KeeperState {
  readonly now: number
  readonly pending: { readonly id: string; readonly ends: number } | undefined
  readonly activated: 'ok' | 'failed' | undefined
  readonly result: 'confirmed' | 'undone' | 'expired' | 'failed' | 'rebooted' | undefined
  /** Id of the change that stands. */
  readonly applied: string | undefined
  /** The last lines of what the change did. */
  readonly log: readonly string[]
}

export async function keeperState(remote: Remote): Promise<KeeperState> {
  const values = await askKeeper(remote, 'state', [])
  const [id, ends] = [values.get('pending')?.[0], values.get('ends')?.[0]]
  return {
    now: Number(values.get('now')?.[0]),
    pending: id === undefined ? undefined : { id, ends: Number(ends) },
    activated: values.get('activated')?.[0] as KeeperState['activated'],
    result: values.get('result')?.[0] as KeeperState['result'],
    applied: values.get('applied')?.[0],
    log: values.get('log') ?? [],
  }
}

/** Hands the archive over: the script comes first, so it takes the archive as its own standard input from a file. */
export async function putChange(remote: Remote, archive: Buffer): Promise<void> {
  // "sh -s" would take the archive for a script, so the script is an argument here.
  await ask(remote, `${AS_ROOT} -c ${shellWord(KEEPER)} keeper put`, archive)
}

/**
 * @returns what it answered, by key.
 * @throws AppError `perimeter.pending`, `perimeter.not-pending`, `perimeter.refused`
 */
export function askKeeper(
  remote: Remote,
  verb: string,
  args: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  return ask(remote, [`${AS_ROOT} -s --`, verb, ...args.map(shellWord)].join(' '), KEEPER)
}

/** What the policy in force looked like when it was confirmed, and what it looks like now. @throws AppError `perimeter.not-applied` */
export async function evidenceOf(remote: Remote): Promise<{ readonly was: string; readonly is: string }> {
  const text = async (which: string): Promise<string> => {
    const result = await remote.run(`${AS_ROOT} -s -- evidence ${which}`, { stdin: KEEPER })
    if (result.stdout === 'error=nothing\n') throw refusal(remote.place, 'nothing')
    if (result.exitCode !== 0) throw complaint(remote.place, result)
    return result.stdout
  }
  return { was: await text('was'), is: await text('is') }
}

/** A shell of root's: whoever logs in as somebody else may be let by sudo, which asks for nothing here. */
const AS_ROOT = `sh -c 'if [ "$(id -u)" = 0 ]; then exec sh "$@"; else exec sudo -n sh "$@"; fi' sh`

async function ask(
  remote: Remote,
  command: string,
  stdin: string | Buffer,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const result = await remote.run(command, { stdin })
  const values = new Map<string, string[]>()
  for (const line of result.stdout.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) values.set(line.slice(0, at), [...(values.get(line.slice(0, at)) ?? []), line.slice(at + 1)])
  }
  const error = values.get('error')?.[0]
  if (error !== undefined) throw refusal(remote.place, error)
  if (result.exitCode === 0) return values
  throw complaint(remote.place, result)
}

/** What a machine says that did not even get as far as its keeper. */
function complaint(place: string, { exitCode, stderr }: RemoteResult): AppError {
  const words = stderr.trim().split('\n').at(-1) ?? ''
  if (/sudo:/.test(words))
    return new AppError('perimeter.not-root', `This login on ${place} may not act as root (${words}).`)
  return new AppError(
    'perimeter.refused',
    `${place} ended with status ${exitCode}${words === '' ? '' : `: ${words.slice(0, 300)}`}.`,
  )
}

function refusal(place: string, error: string): AppError {
  switch (error) {
    case 'pending':
      return new AppError('perimeter.pending', `A change on ${place} waits to be confirmed.`)
    case 'overtaken':
      return new AppError('perimeter.pending', `Somebody else is applying a change to ${place} right now.`)
    case 'late':
      return new AppError('perimeter.not-pending', `There is no such change on ${place} to confirm any more.`)
    case 'nothing':
      return new AppError('perimeter.not-applied', `Nothing of this program is applied on ${place}.`)
    default:
      return new AppError('perimeter.refused', `${place} did not take the change (${error}).`)
  }
}

/** Runs one command there as root. */
export function runAsRoot(remote: Remote, command: string): Promise<RemoteResult> {
  return remote.run(`${AS_ROOT} -c ${shellWord(command)}`)
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
