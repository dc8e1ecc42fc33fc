import type { IncomingHttpHeaders } from 'node:http'
import type { JsonObject } from '../../server/read-body.ts'

export type Initiator = 'user' | 'agent'

/**
 * Who started this call: a person with a new prompt, or the agent going on by itself. Billing depends on it, so
 * what the client says is honoured, and without a word from it only what plainly is a continuation counts as one.
 */
export function initiatorOf(headers: IncomingHttpHeaders, body: JsonObject): Initiator {
  const said = headers['x-initiator']
  if (said === 'user' || said === 'agent') return said
  // Claude Code names the sub-agent that a call comes from.
  if (headers['x-claude-code-agent-id'] !== undefined) return 'agent'
  const last = records(body.messages ?? body.input).findLast(
    ({ role }) => role !== 'system' && role !== 'developer',
  )
  if (last === undefined) return 'user'
  if (last.role !== 'user') return 'agent'
  return isToolResult(last.content) ? 'agent' : 'user'
}

/** The Messages API sends tool results as a user message; clients add reminders of their own to it. */
function isToolResult(content: unknown): boolean {
  const parts = records(content)
  return (
    parts.some((part) => part.type === 'tool_result') &&
    parts.every((part) => part.type === 'tool_result' || isReminder(part.text))
  )
}

function isReminder(text: unknown): boolean {
  return typeof text === 'string' && text.trimStart().startsWith('<system-reminder>')
}

const IMAGE_TYPES = new Set(['image_url', 'input_image', 'image'])

/** Whether any message holds an image, also inside of a tool result. */
export function hasImage(body: JsonObject): boolean {
  return records(body.messages ?? body.input).some((item) => holdsImage(item.content ?? item.output))
}

function holdsImage(content: unknown): boolean {
  return records(content).some((part) => IMAGE_TYPES.has(String(part.type)) || holdsImage(part.content))
}

function records(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) return []
  return value.filter((item): item is JsonObject => typeof item === 'object' && item !== null)
}
