import { encodeReply } from '../dialects.ts'
import { type Reply, usageOf } from '../reply.ts'

/** In whose form an Ollama was asked. */
export type OllamaForm = 'generate' | 'chat' | 'openai-chat' | 'openai-completion' | 'responses' | 'messages'

export interface OllamaAnswer {
  readonly contentType: string
  /** Lines or events, the last one with what was counted. */
  readonly pieces: readonly string[]
  readonly whole: unknown
  /** What a failure in the middle looks like on the wire. */
  readonly failure: string
}

const CREATED_AT = '2026-11-21T12:00:00.123456Z'
const NDJSON = 'application/x-ndjson'
const SSE = 'text/event-stream'

/** @param asked the request, for what it says about usage in streams. */
export function encodeAnswer(
  form: OllamaForm,
  reply: Reply,
  model: string,
  asked: Readonly<Record<string, unknown>>,
): OllamaAnswer {
  if (form === 'generate' || form === 'chat') return encodeNative(form, reply, model)
  if (form === 'responses' || form === 'messages') {
    const { events, whole } = encodeReply(form, reply, model, { besideUsage: {}, insideUsage: {} })
    return { contentType: SSE, pieces: events, whole, failure: '' }
  }
  return encodeOpenai(form === 'openai-completion', reply, model, asked)
}

/** Of a request that only loads a model, or only lets go of it. */
export function encodeEmpty(form: 'generate' | 'chat', model: string, done_reason: string): object {
  const content = form === 'chat' ? { message: { role: 'assistant', content: '' } } : { response: '' }
  return { model, created_at: CREATED_AT, ...content, done: true, done_reason }
}

function encodeNative(form: 'generate' | 'chat', reply: Reply, model: string): OllamaAnswer {
  const base = { model, created_at: CREATED_AT }
  const { inputTokens, outputTokens } = usageOf(reply)
  const text = reply.text ?? ''
  const content = (piece: string): object =>
    form === 'chat' ? { message: { role: 'assistant', content: piece } } : { response: piece }
  const tool_calls = (reply.toolCalls ?? []).map((call, index) => ({
    id: `call_${index}`,
    function: { index, name: call.name, arguments: call.arguments },
  }))
  const calls = { message: { role: 'assistant', content: '', tool_calls } }
  const counted = {
    ...{ done: true, done_reason: 'stop', total_duration: 4_883_583_458, load_duration: 1_334_875 },
    ...{ prompt_eval_count: inputTokens, prompt_eval_duration: 342_546_000 },
    ...{ eval_count: outputTokens, eval_duration: 4_535_599_000 },
  }
  const whole =
    tool_calls.length > 0
      ? { ...base, message: { role: 'assistant', content: text, tool_calls }, ...counted }
      : { ...base, ...content(text), ...counted }
  return {
    contentType: NDJSON,
    pieces: [
      ...words(text).map((word) => line({ ...base, ...content(word), done: false })),
      ...(tool_calls.length > 0 ? [line({ ...base, ...calls, done: false })] : []),
      line({ ...base, ...content(''), ...counted }),
    ],
    whole,
    failure: line({ error: 'an error was encountered while running the model: unexpected EOF' }),
  }
}

/** `middleware/openai.go`: usage in a stream comes where it was asked for only. */
function encodeOpenai(
  isPlain: boolean,
  reply: Reply,
  model: string,
  asked: Readonly<Record<string, unknown>>,
): OllamaAnswer {
  const { inputTokens, outputTokens } = usageOf(reply)
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  }
  const object = isPlain ? 'text_completion' : 'chat.completion'
  const base = { id: 'chatcmpl-123', created: 1_763_726_400, model, system_fingerprint: 'fp_ollama' }
  const streamed = { ...base, object: isPlain ? object : 'chat.completion.chunk' }
  const text = reply.text ?? ''
  const tool_calls = (reply.toolCalls ?? []).map((call, index) => ({
    ...{ id: `call_${index}`, index, type: 'function' },
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }))
  const finish_reason = tool_calls.length > 0 ? 'tool_calls' : 'stop'
  const choice = (part: object, finish: string | null = null): object => ({
    ...streamed,
    choices: [{ index: 0, ...(isPlain ? part : { delta: part }), finish_reason: finish }],
  })
  const piece = (word: string): object => (isPlain ? { text: word } : { role: 'assistant', content: word })
  const wantsUsage = (asked.stream_options as { include_usage?: unknown } | undefined)?.include_usage === true
  return {
    contentType: SSE,
    pieces: [
      ...words(text).map((word) => event(choice(piece(word)))),
      ...tool_calls.map((call) => event(choice({ role: 'assistant', content: '', tool_calls: [call] }))),
      event(choice(isPlain ? { text: '' } : {}, finish_reason)),
      ...(wantsUsage ? [event({ ...streamed, choices: [], usage })] : []),
      'data: [DONE]\n\n',
    ],
    whole: {
      ...{ ...base, object, usage },
      choices: [
        {
          index: 0,
          ...(isPlain
            ? { text }
            : {
                message: { role: 'assistant', content: text, ...(tool_calls.length > 0 && { tool_calls }) },
              }),
          finish_reason,
        },
      ],
    },
    // The error is read as if it were the next part of the answer, and nothing comes after it.
    failure: event(choice(piece(''))),
  }
}

function words(text: string): readonly string[] {
  return text.match(/\S+\s*|\s+/g) ?? []
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
