import { buffer } from 'node:stream/consumers'
import { allClientSettings, type ClientSettingsInput } from './client-settings.ts'
import { foreignProviders, type MergeResult } from './opencode-merge.ts'
import { holdsNothing, type Restoration, removeFromOpenCode } from './opencode-restore.ts'
import type { SentConfig } from './plain-http.ts'
import { tarOf } from './tar.ts'

/**
 * What the setup script gets back: an uncompressed tar, because tar is the only thing on a bare machine that can
 * take an answer apart safely.
 *
 * - `result`: `changed`, `unchanged`, or, after taking our part out, `empty` when nothing is left and `restored` when
 *   something of the user has come back
 * - `summary`: lines for a person
 * - `notes`: what somebody should know besides, also when nothing changes
 * - `config`: the new file
 * - `without`: the file as it came, without our part and with what that had replaced
 * - `clients`: settings of other clients
 * - `verify.json`: body of a tiny chat request, where there is a model for one
 */
export async function mergeReply(
  { current, before }: SentConfig,
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
    notes: lines([...(before === undefined && merged.changes.length > 0 ? ownNotes(current) : []), ...notes]),
    config: merged.text,
    without: removeFromOpenCode(current, before).text,
    clients: allClientSettings(clients),
    ...(chat === undefined ? {} : { 'verify.json': verifyBody(`${clients.routePrefix}${chat.id}`) }),
  })
}

function ownNotes(source: string): string[] {
  return foreignProviders(source).map(
    (id) =>
      `! provider.${id} is there already and not from this script; --uninstall puts it back as it is now.`,
  )
}

export async function removeReply(removed: Restoration): Promise<Buffer> {
  return archive({
    result: removalResult(removed),
    summary: lines(removed.changes),
    notes: lines(removed.notes),
    config: removed.text,
  })
}

function removalResult({ changes, hasPutBack, text }: Restoration): string {
  if (changes.length === 0) return 'unchanged'
  if (hasPutBack) return 'restored'
  return holdsNothing(text) ? 'empty' : 'changed'
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
