import type { RelayConfig } from '../config/config-schema.ts'
import { type Env, identityNamed } from '../config/relay-settings.ts'

export type IdentityName = 'own' | 'vscode'

/**
 * As whom the relay speaks to GitHub and Copilot.
 *
 * `own` is honest about what it is and is the default; it needs an app of one's own or a fine-grained token.
 * `vscode` borrows the client id and headers of the VS Code extension, which widens the model list and is what
 * GitHub warns about, so somebody has to choose it.
 */
export interface Identity {
  readonly name: IdentityName
  /** `undefined`: no device flow. */
  readonly clientId: string | undefined
  readonly scope: string
  /**
   * `exchange` turns the user token into a Copilot token that lives about half an hour; `direct` sends the user
   * token to Copilot.
   */
  readonly route: 'exchange' | 'direct'
  /** Sent with every call to Copilot and to the exchange; lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

const COPILOT_API_VERSION = '2026-06-01'
const VSCODE_CLIENT_ID = 'Iv1.b507a08c87ecfe98'

/** @param userToken decides where the configuration says nothing: `ghu_` comes from the VS Code app. */
export function resolveIdentity(
  config: RelayConfig,
  env: Env,
  version: string,
  userToken: string | undefined,
): Identity {
  const { copilot = {} } = config
  const named = identityNamed(env) ?? copilot.identity
  const name = named ?? (userToken?.startsWith('ghu_') ? 'vscode' : 'own')
  const ownHeaders = {
    'user-agent': `SovereignBridge/${version}`,
    'editor-version': `SovereignBridge/${version}`,
    'editor-plugin-version': `SovereignBridge/${version}`,
  }
  const vscodeHeaders = {
    'user-agent': 'GitHubCopilotChat/0.35.0',
    'editor-version': 'vscode/1.107.0',
    'editor-plugin-version': 'copilot-chat/0.35.0',
    'copilot-integration-id': 'vscode-chat',
  }
  const configured = Object.entries(copilot.headers ?? {}).map(([key, value]) => [key.toLowerCase(), value])
  return {
    name,
    clientId: env.GITHUB_CLIENT_ID || copilot.client_id || (name === 'vscode' ? VSCODE_CLIENT_ID : undefined),
    scope: copilot.scope ?? 'read:user',
    route: routeFor(userToken) ?? copilot.route ?? (name === 'vscode' ? 'exchange' : 'direct'),
    headers: {
      'x-github-api-version': COPILOT_API_VERSION,
      'openai-intent': 'conversation-edits',
      ...(name === 'vscode' ? vscodeHeaders : ownHeaders),
      ...Object.fromEntries(configured),
    },
  }
}

/** The exchange refuses fine-grained tokens. */
function routeFor(userToken: string | undefined): 'direct' | undefined {
  return userToken?.startsWith('github_pat_') ? 'direct' : undefined
}
