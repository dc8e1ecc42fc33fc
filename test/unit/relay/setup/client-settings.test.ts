import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { CLIENTS, clientSettings } from '../../../../src/relay/setup/client-settings.ts'
import { copilotModels, openRouterModels } from '../../../../src/relay/setup/models.ts'
import { defaultModels } from '../../../../src/relay/setup/tiers.ts'
import { copilotModels as upstreamModels } from '../../../support/upstreams/copilot-models.ts'

const models = copilotModels({ data: upstreamModels() })
const input = (tokenRequired: boolean, offered = models) => ({
  baseUrl: 'http://127.0.0.1:9090',
  routePrefix: '',
  tokenRequired,
  models: offered,
  defaults: defaultModels(offered, undefined),
})

/** The environment after a shell has read the lines. */
function environment(lines: string): Record<string, string> {
  const text = execFileSync('bash', ['--norc', '-c', `${lines}\nenv -0`], {
    encoding: 'utf8',
    env: { SOVEREIGN_TOKEN: 'sov_1', PATH: '/usr/bin:/bin' },
  })
  return Object.fromEntries(
    text.split('\0').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  )
}

describe('Claude Code', () => {
  test.each([
    [true, 'sov_1'],
    [false, 'no-token-needed'],
  ])('never gets the address without a token (tokens required: %s)', (required, token) => {
    expect(environment(clientSettings('claude', input(required)))).toMatchObject({
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:9090',
      ANTHROPIC_AUTH_TOKEN: token,
      ANTHROPIC_API_KEY: '',
      ANTHROPIC_DEFAULT_OPUS_MODEL: 'claude-opus-5',
      ANTHROPIC_DEFAULT_SONNET_MODEL: 'claude-sonnet-4.5',
    })
    const without = clientSettings('claude', input(required, []))
    expect(without).toContain('ANTHROPIC_AUTH_TOKEN=')
    expect(without).toContain('# The relay offers no model')
  })
})

test('Codex speaks /v1/responses with a model that has it', () => {
  const toml = clientSettings('codex', input(true))
  expect(toml).toContain('model = "gpt-5-mini"\nmodel_provider = "sovereign"\n')
  expect(toml).toContain(
    'base_url = "http://127.0.0.1:9090/v1"\nwire_api = "responses"\nenv_key = "SOVEREIGN_TOKEN"',
  )
  expect(clientSettings('codex', input(false))).not.toContain('env_key')
})

test('aider and Copilot CLI get the /v1 address', () => {
  expect(environment(clientSettings('aider', input(true)))).toMatchObject({
    OPENAI_API_BASE: 'http://127.0.0.1:9090/v1',
    OPENAI_API_KEY: 'sov_1',
    AIDER_MODEL: 'openai/gpt-5-mini',
  })
  expect(environment(clientSettings('copilot-cli', input(true)))).toMatchObject({
    COPILOT_PROVIDER_BASE_URL: 'http://127.0.0.1:9090/v1',
    COPILOT_PROVIDER_API_KEY: 'sov_1',
  })
})

test('Continue is told the prompt limit and not the context window', () => {
  expect(clientSettings('continue', input(false))).toContain('contextLength: 128000')
})

test.each(CLIENTS)('a model id cannot break out of the settings of %s', (client) => {
  const hostile = copilotModels({
    data: [
      {
        id: `x'"; touch /tmp/owned #\n$(id)`,
        supported_endpoints: ['/chat/completions', '/responses', '/v1/messages'],
      },
    ],
  })
  const text = clientSettings(client, input(false, hostile))
  if (['claude', 'aider', 'copilot-cli'].includes(client)) {
    const values = Object.values(environment(text)).join('\n')
    expect(client === 'claude' || values.includes('$(id)')).toBe(true)
  } else expect(text).toContain(JSON.stringify(hostile[0]?.id))
})

describe('model lists', () => {
  test('the prompt limit wins over the context window', () => {
    const limits = { max_context_window_tokens: 400_000, max_prompt_tokens: 128_000 }
    expect(copilotModels({ data: [{ id: 'a', capabilities: { limits } }] })[0]?.promptTokens).toBe(128_000)
  })

  test('an account with every picker switch off is offered everything', () => {
    const data = ['a', 'b'].map((id) => ({ id, model_picker_enabled: false }))
    expect(copilotModels({ data }).map((model) => model.id)).toEqual(['a', 'b'])
  })

  test.each([[null], ['text'], [{}], [{ data: {} }], [{ data: [null, 1, {}, { id: '' }] }]])(
    'nonsense (%j) is no model',
    (reply) => {
      expect(copilotModels(reply)).toEqual([])
      expect(openRouterModels(reply)).toEqual([])
    },
  )

  test('tiers follow the prices', () => {
    const chosen = ([undefined, 'free', 'frugal', 'premium'] as const).map(
      (tier) => defaultModels(models, tier)?.main.id,
    )
    expect(chosen).toEqual(['gpt-5-mini', 'gpt-5-mini', 'gpt-4.1', 'claude-opus-5'])
    expect(defaultModels(models, 'premium')?.small.id).toBe('gpt-5-mini')
    expect(defaultModels([], 'free')).toBeUndefined()
  })

  test('OpenRouter models come newest first and only those with tools', () => {
    const tools = { supported_parameters: ['tools'] }
    const data = [
      { id: 'old', created: 1, ...tools },
      { id: 'new', created: 2, ...tools },
      { id: 'talker', created: 3, supported_parameters: [] },
    ]
    expect(openRouterModels({ data }).map((model) => model.id)).toEqual(['new', 'old'])
  })
})
