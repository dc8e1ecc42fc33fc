import { buffer } from 'node:stream/consumers'
import { allClientSettings, type ClientSettingsInput } from './client-settings.ts'
import { holdsNothing, type MergeResult, removeFromOpenCode } from './opencode-merge.ts'
import { tarOf } from './tar.ts'

/**
 * What the setup script gets back: an uncompressed tar, because tar is the only thing on a bare machine that can
 * take an answer apart safely.
 *
 * - `result`: `changed`, `unchanged`, or `empty` when nothing is left after taking our part out
 * - `summary`: lines for a person
 * - `notes`: what somebody should know besides, also when nothing changes
 * - `config`: the new file
 * - `without`: the file as it came, without our part
 * - `clients`: settings of other clients
 * - `verify.json`: body of a tiny chat request, where there is a model for one
 */
export async function mergeReply(
  source: string,
  merged: MergeResult,
  notes: readonly string[],
  clients: ClientSettingsInput,
): Promise<Buffer> {
  const chat = clients.defaults?.small.wires.includes('chat')
    ? clients.defaults.small
    : clients.models.find((model) => model.wires.includes('chat'))
  return archive({
    result: merged.changes.length === 0 ? 'unchanged' : 'changed',
    summary: lines(merged.changes),
    notes: lines(notes),
    config: merged.text,
    without: removeFromOpenCode(source).text,
    clients: allClientSettings(clients),
    ...(chat === undefined ? {} : { 'verify.json': verifyBody(chat.id) }),
  })
}

export async function removeReply(removed: MergeResult): Promise<Buffer> {
  const isEmpty = removed.changes.length > 0 && holdsNothing(removed.text)
  return archive({
    result: removed.changes.length === 0 ? 'unchanged' : isEmpty ? 'empty' : 'changed',
    summary: lines(removed.changes),
    config: removed.text,
  })
}

/** No token limit in it: which field holds that limit differs from model to model. */
function verifyBody(model: string): string {
  return JSON.stringify({
    model,
    stream: false,
    messages: [{ role: 'user', content: 'Answer with the single word: ready' }],
  })
}

function lines(changes: readonly string[]): string {
  return changes.map((change) => `  ${change}\n`).join('')
}

function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  return buffer(
    tarOf(
      Object.entries(files).map(([name, content]) => ({ name, mode: 0o600, content: Buffer.from(content) })),
    ),
  )
}
