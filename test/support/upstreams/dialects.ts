import { type Reply, type Usage, usageOf } from './reply.ts'

export type Dialect = 'chat' | 'responses' | 'messages'

/** What the two upstreams add to the common formats. */
export interface Extras {
  /** Beside `usage`, such as Copilot's `copilot_usage`. */
  readonly besideUsage: Readonly<Record<string, unknown>>
  /** Inside `usage`, such as OpenRouter's `cost`. */
  readonly insideUsage: Readonly<Record<string, unknown>>
}

export interface Encoded {
  /** Complete SSE events, the terminal one last. */
  readonly events: readonly string[]
  /** The event that says "it failed" in the middle of a stream. */
  readonly errorEvent: string
  /** The answer when no stream was asked for. */
  readonly whole: unknown
}

export function encodeReply(dialect: Dialect, reply: Reply, model: string, extras: Extras): Encoded {
  if (dialect === 'chat') return encodeChat(reply, model, extras)
  return dialect === 'responses'
    ? encodeResponses(reply, model, extras)
    : encodeMessages(reply, model, extras)
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const named = (value: { readonly type: string; readonly [field: string]: unknown }): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`

function words(text: string): readonly string[] {
  return text.match(/\S+\s*|\s+/g) ?? []
}

function encodeChat(reply: Reply, model: string, extras: Extras): Encoded {
  const base = { id: 'chatcmpl-stand-in', object: 'chat.completion.chunk', created: 1_790_000_000, model }
  const chunk = (delta: object, finish: string | null = null): string =>
    data({ ...base, choices: [{ index: 0, delta, finish_reason: finish }] })
  const finish = reply.toolCalls === undefined ? 'stop' : 'tool_calls'
  const toolCalls = (reply.toolCalls ?? []).map((call, index) => ({
    index,
    id: `call_${index}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }))
  const usage = { ...chatUsage(usageOf(reply)), ...extras.insideUsage }
  const reasoning =
    reply.reasoning === undefined ? {} : { reasoning_text: reply.reasoning, reasoning_opaque: 'b3BhcXVl' }
  const events = [
    // Copilot's first chunk may carry no choices at all.
    data({ ...base, choices: [], prompt_filter_results: [{ prompt_index: 0 }] }),
    chunk({ role: 'assistant', content: '' }),
    ...(reply.reasoning === undefined ? [] : [chunk(reasoning)]),
    ...words(reply.text ?? '').map((content) => chunk({ content })),
    ...toolCalls.map((call) => chunk({ tool_calls: [call] })),
    data({
      ...base,
      choices: [{ index: 0, delta: {}, finish_reason: finish }],
      usage,
      ...extras.besideUsage,
    }),
    'data: [DONE]\n\n',
  ]
  const message = {
    role: 'assistant',
    content: reply.text ?? null,
    ...reasoning,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(({ index: _, ...call }) => call) }),
  }
  return {
    events,
    errorEvent: data({
      ...base,
      error: {
        code: 502,
        message: 'The provider stopped.',
        metadata: { error_type: 'provider_unavailable' },
      },
      choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
    }),
    whole: {
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: finish }],
      usage,
      ...extras.besideUsage,
    },
  }
}

function chatUsage(usage: Usage): object {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  }
}

function encodeResponses(reply: Reply, model: string, extras: Extras): Encoded {
  const base = { id: 'resp_stand_in', object: 'response', created_at: 1_790_000_000, model }
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = usageOf(reply)
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
    ...extras.insideUsage,
  }
  const text = reply.text ?? ''
  const part = { type: 'output_text', text, annotations: [] }
  const message = { id: 'msg_0', type: 'message', role: 'assistant', status: 'completed', content: [part] }
  const calls = (reply.toolCalls ?? []).map((call, index) => ({
    id: `fc_${index}`,
    type: 'function_call',
    status: 'completed',
    call_id: `call_${index}`,
    name: call.name,
    arguments: JSON.stringify(call.arguments),
  }))
  const output = [...(text === '' ? [] : [message]), ...calls]
  const whole = { ...base, status: 'completed', output, usage, ...extras.besideUsage }
  const at = { item_id: 'msg_0', output_index: 0, content_index: 0 }
  const started = { ...base, status: 'in_progress', output: [] }
  const bodies: { readonly type: string; readonly [field: string]: unknown }[] = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
  ]
  if (text !== '') {
    const open = { ...message, status: 'in_progress', content: [] }
    bodies.push(
      { type: 'response.output_item.added', output_index: 0, item: open },
      { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
      ...words(text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
      { type: 'response.output_text.done', ...at, text },
      { type: 'response.content_part.done', ...at, part },
      { type: 'response.output_item.done', output_index: 0, item: message },
    )
  }
  for (const call of calls) {
    const output_index = output.indexOf(call)
    const item = { ...call, status: 'in_progress', arguments: '' }
    bodies.push(
      { type: 'response.output_item.added', output_index, item },
      {
        type: 'response.function_call_arguments.delta',
        item_id: call.id,
        output_index,
        delta: call.arguments,
      },
      {
        type: 'response.function_call_arguments.done',
        item_id: call.id,
        output_index,
        arguments: call.arguments,
      },
      { type: 'response.output_item.done', output_index, item: call },
    )
  }
  bodies.push({ type: 'response.completed', response: whole })
  return {
    events: bodies.map((body, sequence_number) => named({ ...body, sequence_number })),
    errorEvent: named({
      type: 'response.failed',
      ...{ response: { ...base, status: 'failed', error: { code: 'server_error', message: 'It failed.' } } },
    }),
    whole,
  }
}

function encodeMessages(reply: Reply, model: string, extras: Extras): Encoded {
  const { inputTokens, outputTokens, cachedTokens } = usageOf(reply)
  const input = {
    input_tokens: inputTokens - cachedTokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation_input_tokens: 0,
  }
  const stop_reason = reply.toolCalls === undefined ? 'end_turn' : 'tool_use'
  const usage = { ...input, output_tokens: outputTokens, ...extras.insideUsage }
  const base = { id: 'msg_stand_in', type: 'message', role: 'assistant', model }
  const text = reply.text ?? ''
  const blocks: { readonly block: object; readonly empty: object; readonly deltas: readonly object[] }[] = []
  if (text !== '')
    blocks.push({
      block: { type: 'text', text },
      empty: { type: 'text', text: '' },
      deltas: words(text).map((piece) => ({ type: 'text_delta', text: piece })),
    })
  for (const [index, call] of (reply.toolCalls ?? []).entries()) {
    const tool = { type: 'tool_use', id: `toolu_${index}`, name: call.name }
    blocks.push({
      block: { ...tool, input: call.arguments },
      empty: { ...tool, input: {} },
      deltas: [{ type: 'input_json_delta', partial_json: JSON.stringify(call.arguments) }],
    })
  }
  const events = [
    named({
      type: 'message_start',
      ...{
        message: {
          ...base,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...input, output_tokens: 1 },
        },
      },
    }),
    named({ type: 'ping' }),
    ...blocks.flatMap(({ empty, deltas }, index) => [
      named({ type: 'content_block_start', ...{ index, content_block: empty } }),
      ...deltas.map((delta) => named({ type: 'content_block_delta', ...{ index, delta } })),
      named({ type: 'content_block_stop', ...{ index } }),
    ]),
    named({
      type: 'message_delta',
      ...{ delta: { stop_reason, stop_sequence: null }, usage, ...extras.besideUsage },
    }),
    named({ type: 'message_stop' }),
  ]
  return {
    events,
    errorEvent: named({
      type: 'error',
      ...{ error: { type: 'overloaded_error', message: 'Overloaded' } },
    }),
    whole: {
      ...base,
      content: blocks.map(({ block }) => block),
      stop_reason,
      stop_sequence: null,
      usage,
      ...extras.besideUsage,
    },
  }
}
