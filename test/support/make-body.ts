/** Bodies as the upstreams send them, with the usage given. */

export interface BodyUsage {
  readonly input: number
  readonly cached: number
  readonly output: number
  readonly nanoAiu?: number
  /** USD. */
  readonly cost?: number
}

export type BodyShape = 'chat' | 'responses' | 'messages' | 'json'

export const BODY_SHAPES: readonly BodyShape[] = ['chat', 'responses', 'messages', 'json']

export function makeBody(shape: BodyShape, usage: BodyUsage): { contentType: string; text: string } {
  if (shape === 'json') {
    const text = JSON.stringify({
      id: 'x',
      choices: [{ message: { content: '"usage": {"prompt_tokens": 9}' } }],
      ...chatUsage(usage),
    })
    return { contentType: 'application/json; charset=utf-8', text }
  }
  return { contentType: 'text/event-stream', text: EVENTS[shape](usage) }
}

const EVENTS: Record<Exclude<BodyShape, 'json'>, (usage: BodyUsage) => string> = {
  chat: (usage) =>
    [
      ': OPENROUTER PROCESSING\n\n',
      data({ choices: [], usage: null }),
      data({ choices: [{ delta: { content: 'Grüße "usage": {"prompt_tokens": 99} \\ 🙂' } }] }),
      data({ choices: [{ delta: {}, finish_reason: 'stop' }], ...chatUsage(usage) }),
      'data: [DONE]\n\n',
    ].join(''),
  responses: (usage) =>
    [
      `event: response.created\r\n${data({ type: 'response.created', response: { id: 'r', usage: null, error: null } })}`,
      data({ type: 'response.output_text.delta', delta: '}]}"' }),
      data({
        type: 'response.completed',
        response: {
          output: [{ content: [{ text: 'x'.repeat(5000), usage: { input_tokens: 7 } }] }],
          usage: {
            input_tokens: usage.input,
            input_tokens_details: { cached_tokens: usage.cached },
            output_tokens: usage.output,
            output_tokens_details: { reasoning_tokens: 0 },
          },
          error: null,
        },
        ...copilotUsage(usage),
      }),
    ].join(''),
  messages: (usage) =>
    [
      `event: message_start\n${data({
        type: 'message_start',
        message: {
          model: 'claude',
          usage: {
            input_tokens: usage.input - usage.cached,
            cache_read_input_tokens: usage.cached,
            cache_creation_input_tokens: 0,
            output_tokens: Math.min(1, usage.output),
          },
        },
      })}`,
      `event: content_block_delta\n${data({ type: 'content_block_delta', delta: { text: '{"usage":1}' } })}`,
      `event: message_delta\n${data({ type: 'message_delta', usage: { output_tokens: usage.output }, ...copilotUsage(usage) })}`,
      `event: message_stop\n${data({ type: 'message_stop' })}`,
    ].join(''),
}

function chatUsage(usage: BodyUsage): object {
  return {
    usage: {
      prompt_tokens: usage.input,
      ...(usage.cost === undefined ? {} : { cost: usage.cost }),
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
      prompt_tokens_details: { cached_tokens: usage.cached },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
    ...copilotUsage(usage),
  }
}

function copilotUsage({ nanoAiu }: BodyUsage): object {
  return nanoAiu === undefined ? {} : { copilot_usage: { token_details: [], total_nano_aiu: nanoAiu } }
}

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
