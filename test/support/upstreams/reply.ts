import type { RecordedRequest } from './stand-in.ts'

export interface ToolCall {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** How a stand-in answers one inference request; everything has a sensible default. */
export interface Reply {
  /** Answer text; it is streamed in pieces of one word. */
  readonly text?: string
  readonly toolCalls?: readonly ToolCall[]
  /** Reasoning in Copilot's own fields. */
  readonly reasoning?: string
  /** Any status but 200 sends {@link Reply.body} instead of an answer. */
  readonly status?: number
  /** Sent as text when it is a string, as JSON otherwise. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly firstDelayMs?: number
  readonly chunkDelayMs?: number
  /**
   * How the stream ends: `stall` falls silent and stays open, `cut` resets the connection, `truncate` ends it
   * cleanly without the terminal event, `error` sends the error event of the dialect.
   */
  readonly end?: 'complete' | 'stall' | 'cut' | 'truncate' | 'error'
  /** Events that are sent before `end` takes effect when it is not `complete`. */
  readonly eventsBeforeEnd?: number
  /** Comments such as OpenRouter's `: OPENROUTER PROCESSING` before the first event. */
  readonly comments?: number
  readonly commentEveryMs?: number
  readonly usage?: Partial<Usage>
}

export interface Usage {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
}

const DEFAULT_USAGE: Usage = { inputTokens: 120, cachedTokens: 20, outputTokens: 30, reasoningTokens: 0 }

export function usageOf(reply: Reply): Usage {
  return { ...DEFAULT_USAGE, ...reply.usage }
}

/** Chooses a reply by looking at the request; `undefined` leaves it to the default. */
export type Responder = (request: RecordedRequest) => Reply | undefined

/**
 * Plays a model that calls `tool` once, whatever else it is asked in between (titles, summaries), and ends the
 * conversation with `finalText` when the result has come back.
 */
export function callsToolOnce(
  tool: string,
  args: Readonly<Record<string, unknown>>,
  finalText: string,
): Responder {
  return ({ json }) => {
    if (json === undefined || !offersTool(json, tool)) return undefined
    return hasToolResult(json) ? { text: finalText } : { toolCalls: [{ name: tool, arguments: args }] }
  }
}

function offersTool(body: Readonly<Record<string, unknown>>, name: string): boolean {
  return list(body.tools).some((tool) => tool.name === name || record(tool.function).name === name)
}

function hasToolResult(body: Readonly<Record<string, unknown>>): boolean {
  const items = [...list(body.messages), ...list(body.input)]
  return items.some(
    (item) =>
      item.role === 'tool' ||
      item.type === 'function_call_output' ||
      list(item.content).some((part) => part.type === 'tool_result'),
  )
}

/** The text of the last user message in any of the three dialects. */
export function lastUserText(body: Readonly<Record<string, unknown>> | undefined): string {
  if (body === undefined) return ''
  if (typeof body.input === 'string') return body.input
  const last = [...list(body.messages), ...list(body.input)].findLast((item) => item.role === 'user')
  const content = last?.content
  if (typeof content === 'string') return content
  return list(content)
    .map((part) => (typeof part.text === 'string' ? part.text : ''))
    .join('')
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

export function list(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(record) : []
}
