import type { Rendering } from '../render/rendering.ts'
import { APPLY_FOLDER } from './keeper.ts'
import { evidenceOf, type Remote, runAsRoot } from './remote.ts'

/** How one file of a rendering is on the machine. */
export interface FileDrift {
  readonly path: string
  readonly purpose: string
  /** `leftover`: there since a change of before, and no part of the rendering any more. */
  readonly drift: 'same' | 'missing' | 'changed' | 'leftover'
  /** What is there now, where it is another one. */
  readonly there?: string
  readonly wanted: string
}

/** Longer than any file of ours; what is longer is somebody else's. */
const READ_MAX_BYTES = 1024 * 1024

/** Compares the files of a rendering with those on the machine, letter by letter. */
export async function fileDrift(remote: Remote, rendering: Rendering): Promise<FileDrift[]> {
  return [...(await wantedDrift(remote, rendering)), ...(await leftovers(remote, rendering))]
}

async function leftovers(remote: Remote, { files }: Rendering): Promise<FileDrift[]> {
  const list = `${APPLY_FOLDER}/applied/list`
  const { stdout } = await runAsRoot(
    remote,
    `test ! -f ${list} || while read -r p; do test ! -e "$p" || echo "$p"; done < ${list}`,
  )
  return stdout
    .split('\n')
    .filter((there) => there !== '' && !files.some(({ path }) => path === there))
    .map((path) => ({ path, purpose: 'applied once, not wanted any more', drift: 'leftover', wanted: '' }))
}

function wantedDrift(remote: Remote, rendering: Rendering): Promise<FileDrift[]> {
  return Promise.all(
    rendering.files.map(async ({ content, path, purpose }) => {
      const { exitCode, stdout } = await runAsRoot(remote, `head -c ${READ_MAX_BYTES} ${path}`)
      if (exitCode !== 0) return { path, purpose, drift: 'missing', wanted: content } as const
      if (stdout === content) return { path, purpose, drift: 'same', wanted: content } as const
      return { path, purpose, drift: 'changed', there: stdout, wanted: content } as const
    }),
  )
}

/** Lines of the policy in force that came or went since it was confirmed, by what command shows them. */
export interface LiveDrift {
  readonly command: string
  readonly gone: readonly string[]
  readonly new: readonly string[]
}

/** @throws AppError `perimeter.not-applied` */
export async function liveDrift(remote: Remote): Promise<LiveDrift[]> {
  const { is, was } = await evidenceOf(remote)
  const [before, now] = [byCommand(was), byCommand(is)]
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((command) => {
    const [old, current] = [before.get(command) ?? [], now.get(command) ?? []]
    const drift = { command, gone: without(old, current), new: without(current, old) }
    return drift.gone.length + drift.new.length === 0 ? [] : [drift]
  })
}

function byCommand(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('+ ')) {
      lines = []
      found.set(line.slice(2), lines)
    } else if (line.trim() !== '') lines.push(line.trim())
  }
  return found
}

/** As often as they stand there: a rule that is there twice is another policy. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return lines.filter((line) => {
    const at = left.indexOf(line)
    if (at < 0) return true
    left.splice(at, 1)
    return false
  })
}
