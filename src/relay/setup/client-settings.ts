import type { SetupModel, Wire } from './models.ts'
import { NO_TOKEN_NEEDED } from './opencode-config.ts'
import { shellQuote } from './shell-quote.ts'
import type { DefaultModels } from './tiers.ts'

export const CLIENTS = ['claude', 'codex', 'aider', 'continue', 'copilot-cli'] as const
export type ClientName = (typeof CLIENTS)[number]

export function isClientName(text: string): text is ClientName {
  return CLIENTS.some((client) => client === text)
}

export interface ClientSettingsInput {
  readonly baseUrl: string
  /** Before a model's id where a request goes to the relay's own `/v1` instead of `baseUrl`; may be empty. */
  readonly routePrefix: string
  readonly tokenRequired: boolean
  readonly models: readonly SetupModel[]
  readonly defaults: DefaultModels | undefined
}

const TITLES: Readonly<Record<ClientName, string>> = {
  claude: 'Claude Code: in the shell profile',
  codex: 'Codex: ~/.codex/config.toml',
  aider: 'aider: in the shell profile',
  continue: 'Continue: ~/.continue/config.yaml',
  'copilot-cli': 'Copilot CLI: in the shell profile',
}

/** Settings for one client, ready to be pasted. */
export function clientSettings(client: ClientName, input: ClientSettingsInput): string {
  switch (client) {
    case 'claude':
      return claude(input)
    case 'codex':
      return codex(input)
    case 'aider':
      return aider(input)
    case 'continue':
      return continueDev(input)
    case 'copilot-cli':
      return copilotCli(input)
  }
}

export function allClientSettings(input: ClientSettingsInput): string {
  const parts = CLIENTS.map((client) => `# ${TITLES[client]}\n${indent(clientSettings(client, input))}`)
  return `\nSettings for other clients:\n\n${parts.join('\n')}`
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

/** Base URL and token stand or fall together: with the URL alone Claude Code sends its claude.ai login there. */
function claude({ baseUrl, tokenRequired, models, defaults }: ClientSettingsInput): string {
  const claudeModels = models.filter((model) => model.wires.includes('messages'))
  const lines = [
    ['ANTHROPIC_BASE_URL', shellQuote(baseUrl)],
    ['ANTHROPIC_AUTH_TOKEN', tokenWord(tokenRequired)],
    ['ANTHROPIC_API_KEY', "''"],
    ['CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC', '1'],
    ['CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS', '1'],
  ]
  const families = ['opus', 'sonnet', 'haiku']
  const hasClaude = claudeModels.some(({ id }) => families.some((family) => id.includes(family)))
  // Whoever has none of them means the models that there are.
  const other = hasClaude ? undefined : modelFor('messages', claudeModels, defaults)
  for (const family of families) {
    const model = claudeModels.findLast((candidate) => candidate.id.includes(family)) ?? other
    if (model !== undefined)
      lines.push([`ANTHROPIC_DEFAULT_${family.toUpperCase()}_MODEL`, shellQuote(model.id)])
  }
  const warning = claudeModels.length === 0 ? '# The relay offers no model for Claude Code right now.\n' : ''
  return `${warning}${exports(lines)}`
}

function codex({ baseUrl, tokenRequired, models, defaults }: ClientSettingsInput): string {
  const model = modelFor('responses', models, defaults)
  return [
    ...(model === undefined
      ? ['# The relay offers no model for Codex right now: put one in here later.']
      : []),
    `model = ${JSON.stringify(model?.id ?? 'MODEL')}`,
    'model_provider = "sovereign"',
    // Codex knows no model but those of OpenAI.
    ...(model?.promptTokens === undefined
      ? []
      : [`model_context_window = ${Math.floor(model.promptTokens)}`]),
    ...(model?.mayHaveWebSearch === false ? ['web_search = "disabled"'] : []),
    '',
    '[model_providers.sovereign]',
    'name = "Sovereign"',
    `base_url = ${JSON.stringify(`${baseUrl}/v1`)}`,
    'wire_api = "responses"',
    ...(tokenRequired ? ['env_key = "SOVEREIGN_TOKEN"'] : []),
    '',
  ].join('\n')
}

function aider({ baseUrl, tokenRequired, models, defaults }: ClientSettingsInput): string {
  const model = modelFor('chat', models, defaults)?.id ?? 'MODEL'
  return exports([
    ['OPENAI_API_BASE', shellQuote(`${baseUrl}/v1`)],
    ['OPENAI_API_KEY', tokenWord(tokenRequired)],
    ['AIDER_MODEL', shellQuote(`openai/${model}`)],
  ])
}

function continueDev({ baseUrl, tokenRequired, models, defaults }: ClientSettingsInput): string {
  const model = modelFor('chat', models, defaults)
  return [
    'models:',
    `  - name: ${JSON.stringify(model?.name ?? 'MODEL')}`,
    '    provider: openai',
    `    model: ${JSON.stringify(model?.id ?? 'MODEL')}`,
    `    apiBase: ${JSON.stringify(`${baseUrl}/v1`)}`,
    // Continue looks "secrets" up in ~/.continue/.env.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Continue's own placeholder syntax
    `    apiKey: ${tokenRequired ? "'${{ secrets.SOVEREIGN_TOKEN }}'" : NO_TOKEN_NEEDED}`,
    '    roles: [chat, edit, apply]',
    ...(model?.promptTokens === undefined
      ? []
      : ['    defaultCompletionOptions:', `      contextLength: ${model.promptTokens}`]),
    '',
  ].join('\n')
}

function copilotCli({ baseUrl, tokenRequired, models, defaults }: ClientSettingsInput): string {
  return exports([
    ['COPILOT_PROVIDER_BASE_URL', shellQuote(`${baseUrl}/v1`)],
    ['COPILOT_PROVIDER_TYPE', 'openai'],
    ['COPILOT_PROVIDER_API_KEY', tokenWord(tokenRequired)],
    ['COPILOT_MODEL', shellQuote(modelFor('chat', models, defaults)?.id ?? 'MODEL')],
  ])
}

function modelFor(
  wire: Wire,
  models: readonly SetupModel[],
  defaults: DefaultModels | undefined,
): SetupModel | undefined {
  if (defaults?.main.wires.includes(wire)) return defaults.main
  return models.find((model) => model.wires.includes(wire) && model.toolCalls)
}

/** Never the token itself: these lines end up in files and scrollbacks. */
function tokenWord(tokenRequired: boolean): string {
  return tokenRequired ? '"$SOVEREIGN_TOKEN"' : shellQuote(NO_TOKEN_NEEDED)
}

function exports(lines: readonly (readonly string[])[]): string {
  return lines.map(([name, word]) => `export ${name}=${word}\n`).join('')
}
