import { defineErrors } from './define.ts'

/** Accounts, keys and providers that a relay has or lacks. */
export const RELAY_ACCOUNT_ERRORS = defineErrors({
  'relay.github-unreachable': {
    meaning: 'The relay cannot reach GitHub to renew its Copilot token.',
    recovery: 'automatic',
    remedy: 'Check the internet connection, DNS and firewall of the relay host.',
    status: 502,
  },
  'relay.copilot-refused': {
    meaning: 'GitHub does not give this account a Copilot token.',
    recovery: 'user',
    remedy: 'Check the Copilot plan at https://github.com/settings/copilot, or sign in with another account.',
    status: 403,
  },
  'relay.copilot-blocked': {
    meaning: 'GitHub, or the organisation that manages the account, keeps it from using Copilot.',
    recovery: 'user',
    remedy: 'Ask the administrator of the account, or GitHub support, or sign in with another account.',
    status: 403,
  },
  'relay.signed-out-by-github': {
    meaning: 'GitHub no longer accepts the sign-in of the relay; it was revoked or has ended.',
    recovery: 'user',
    remedy: 'Sign in again: run "sovereign relay login" on the relay.',
    status: 401,
  },
  'relay.key-placeholder': {
    meaning: 'The OpenRouter key in the configuration is a placeholder.',
    recovery: 'user',
    remedy: 'Set a real key: run "sovereign relay login --openrouter-key" on the relay.',
    status: 401,
  },
  'relay.provider-key-missing': {
    meaning: 'The relay has no key for a provider of config.json that is said to have one.',
    recovery: 'user',
    remedy:
      'Set the variable or write the file that is named, or run "sovereign relay providers add" with --key.',
    status: 401,
  },
  'relay.provider-unknown': {
    meaning: 'There is no provider of this name.',
    recovery: 'user',
    remedy: 'See the names with "sovereign relay providers list".',
    status: 404,
  },
  'relay.provider-invalid': {
    meaning: 'A provider cannot be set as it is described.',
    recovery: 'user',
    remedy: 'Correct what is named.',
    status: 400,
  },
  'relay.provider-needed': {
    meaning: 'A provider cannot be removed while models without a prefix go to it.',
    recovery: 'user',
    remedy: 'Set routing.default in config.json to another upstream and start the relay again.',
    status: 409,
  },
})

/** How a sign-in of a relay ends without an account. */
export const RELAY_SIGN_IN_ERRORS = defineErrors({
  'relay.identity-needed': {
    meaning: 'The relay has no client id of its own to sign in to GitHub with.',
    recovery: 'user',
    remedy:
      'Give a fine-grained token with "Copilot Requests" (sovereign relay login --pat), set copilot.client_id to your own app, or choose VS Code\'s at your own risk (sovereign relay login --identity vscode).',
    status: 409,
  },
  'relay.token-unusable': {
    meaning: 'The text is no token or key that the upstream takes.',
    recovery: 'user',
    remedy: 'Copilot takes github_pat_… with "Copilot Requests", gho_… and ghu_…; OpenRouter takes sk-or-….',
    status: 400,
  },
  'relay.sign-in-unknown': {
    meaning: 'There is no such sign-in under way.',
    recovery: 'user',
    remedy: 'Start a new sign-in.',
    status: 404,
  },
  'relay.sign-in-denied': {
    meaning: 'The sign-in was refused in the browser.',
    recovery: 'user',
    remedy: 'Start a new sign-in and choose "Authorize".',
  },
  'relay.sign-in-expired': {
    meaning: 'The code was not entered in time.',
    recovery: 'user',
    remedy: 'Start a new sign-in and enter the code within 15 minutes.',
  },
  'relay.openrouter-refused': {
    meaning: 'OpenRouter did not give the relay a key for a sign-in.',
    recovery: 'user',
    remedy: 'Start a new sign-in, or make a key at https://openrouter.ai/settings/keys and paste it.',
    status: 502,
  },
  'relay.sign-in-impossible': {
    meaning: 'GitHub does not allow this kind of sign-in for this client id.',
    recovery: 'user',
    remedy: 'Check copilot.client_id, and that the device flow is switched on for that app.',
  },
})
