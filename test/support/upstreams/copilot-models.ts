/** A model list as Copilot sends it: one of every kind that the relay treats differently. */
export function copilotModels(): readonly Readonly<Record<string, unknown>>[] {
  return [
    model('gpt-5-mini', 'Azure OpenAI', ['/chat/completions', '/responses'], {
      prices: [25, 2.5, 200],
      prompt: 128_000,
      fallback: true,
    }),
    model('gpt-4.1', 'Azure OpenAI', ['/chat/completions'], { prices: [200, 50, 800], prompt: 64_000 }),
    model('gpt-5.3-codex', 'OpenAI', ['/responses'], { prices: [175, 17.5, 1400], prompt: 272_000 }),
    model('claude-haiku-4.5', 'Anthropic', ['/chat/completions', '/v1/messages'], {
      prices: [100, 10, 500],
      prompt: 128_000,
    }),
    model('claude-sonnet-4.5', 'Anthropic', ['/chat/completions', '/v1/messages'], {
      prices: [300, 30, 1500],
      prompt: 128_000,
      multiplier: 1,
    }),
    model('claude-opus-5', 'Anthropic', ['/v1/messages'], { prices: [500, 50, 2500], prompt: 168_000 }),
    {
      ...model('grok-code-fast-1', 'xAI', ['/chat/completions'], { prices: [20, 2, 150], prompt: 128_000 }),
      policy: { state: 'disabled', terms: 'Accept the terms first.' },
    },
    {
      id: 'text-embedding-3-small',
      name: 'Embedding V3 small',
      object: 'model',
      vendor: 'Azure OpenAI',
      version: 'text-embedding-3-small',
      preview: false,
      model_picker_enabled: false,
      capabilities: {
        type: 'embeddings',
        family: 'text-embedding-3-small',
        tokenizer: 'cl100k_base',
        limits: { max_inputs: 512 },
      },
    },
  ]
}

interface Shape {
  /** AI credits per million tokens: input, cached, output. */
  readonly prices: readonly [number, number, number]
  readonly prompt: number
  readonly fallback?: boolean
  readonly multiplier?: number
}

function model(
  id: string,
  vendor: string,
  endpoints: readonly string[],
  shape: Shape,
): Record<string, unknown> {
  const [input_price, cache_price, output_price] = shape.prices
  return {
    id,
    name: id,
    object: 'model',
    vendor,
    version: id,
    preview: false,
    model_picker_enabled: true,
    is_chat_default: shape.fallback === true,
    is_chat_fallback: shape.fallback === true,
    policy: { state: 'enabled', terms: '' },
    supported_endpoints: endpoints,
    billing: {
      ...(shape.multiplier === undefined ? {} : { is_premium: true, multiplier: shape.multiplier }),
      token_prices: { batch_size: 1_000_000, default: { input_price, cache_price, output_price } },
    },
    capabilities: {
      type: 'chat',
      family: id,
      object: 'model_capabilities',
      tokenizer: 'o200k_base',
      limits: {
        max_context_window_tokens: 200_000,
        max_prompt_tokens: shape.prompt,
        max_output_tokens: 16_384,
      },
      supports: { streaming: true, tool_calls: true, parallel_tool_calls: true, vision: true },
    },
  }
}
