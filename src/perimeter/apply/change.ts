import { createHash } from 'node:crypto'
import { pack } from 'tar-stream'
import { commandLine, shellWord } from '../render/command-line.ts'
import type { Rendering } from '../render/rendering.ts'
import { KEEPER } from './keeper.ts'

/** Names a change by what it holds: the same perimeter for the same machine has the same id. */
export function changeId(rendering: Rendering): string {
  return createHash('sha256').update(JSON.stringify(rendering)).digest('hex').slice(0, 16)
}

/** A change as the keeper takes it: one tar. */
export async function changeArchive(rendering: Rendering): Promise<Buffer> {
  const { activate, deactivate, evidence, files, settle, touches } = rendering
  const archive = pack()
  const add = (name: string, content: string, mode = 0o600) => archive.entry({ name, mode }, content)
  add('id', `${changeId(rendering)}\n`)
  add('keeper', KEEPER, 0o700)
  add('list', lines(files.map(({ path }) => path)))
  add('touches', lines(touches ?? []))
  add('activate', script(activate, 'set -eu'))
  // Whatever of it is not there is left out.
  add('deactivate', script(deactivate ?? [], 'set +e'))
  add('settle', script(settle ?? [], 'set +e'))
  add('evidence', script(evidence ?? [], 'set +e'))
  for (const { content, mode, path } of files) add(`files${path}`, content, mode)
  archive.finalize()
  const pieces: Buffer[] = []
  for await (const piece of archive as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}

function lines(items: readonly string[]): string {
  return items.map((item) => `${item}\n`).join('')
}

/** What is done is told, so that the log of the keeper ends with what went wrong. */
function script(commands: readonly (readonly string[])[], first: string): string {
  const spelled = commands.map(commandLine)
  return `${[first, ...spelled.flatMap((command) => [`echo ${shellWord(`+ ${command}`)}`, command])].join('\n')}\n`
}
