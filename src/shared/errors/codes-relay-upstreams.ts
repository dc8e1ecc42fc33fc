import { defineErrors } from './define.ts'

/** Requests that a relay cannot pass on, and answers that do not come back whole. */
export const RELAY_PASSING_ERRORS = defineErrors({
  'relay.upstream-unreachable': {
    meaning: 'The relay cannot reach the upstream.',
    recovery: 'automatic',
    remedy: 'Check the internet connection, DNS and firewall of the relay host.',
    status: 502,
  },
  'relay.upstream-timeout': {
    meaning: 'The upstream took the request but did not answer in time.',
    recovery: 'automatic',
    remedy: 'Try again; if it stays so, choose another model.',
    status: 504,
  },
  'relay.stream-truncated': {
    meaning: 'The upstream ended the answer before it was complete.',
    recovery: 'automatic',
    remedy: 'Send the request again; what came so far is not the whole answer.',
    status: 502,
  },
  'relay.stream-stalled': {
    meaning: 'The upstream fell silent in the middle of an answer.',
    recovery: 'automatic',
    remedy: 'Send the request again; what came so far is not the whole answer.',
    status: 504,
  },
  'relay.wrong-endpoint': {
    meaning: 'The model cannot be called on this path.',
    recovery: 'never',
    remedy: 'Call the model on the path that is named.',
    status: 400,
  },
  'relay.count-tokens-unsupported': {
    meaning: 'The upstream cannot count tokens ahead, and a guess would be worse than none.',
    recovery: 'never',
    remedy: 'Nothing to do: clients go on without the count.',
    status: 404,
  },
  'relay.path-refused': {
    meaning: 'This path of the upstream is not open to clients.',
    recovery: 'never',
    remedy: 'Use one of the inference paths; those of OpenRouter can be added in relay.allowed_paths.',
    status: 403,
  },
  'relay.escapes-zdr': {
    meaning: 'The request uses something that zero data retention does not cover.',
    recovery: 'never',
    remedy: 'Leave out plugins, web search, presets and file parts.',
    status: 400,
  },
  'relay.no-zdr-endpoint': {
    meaning: 'No provider offers this model with zero data retention.',
    recovery: 'user',
    remedy:
      'Choose a model listed at /api/v1/endpoints/zdr, or see https://openrouter.ai/settings/privacy for what the account excludes.',
    status: 503,
  },
})

/** What an upstream itself refuses. */
export const UPSTREAM_ERRORS = defineErrors({
  'upstream.rejected': {
    meaning: 'The upstream finds the request wrong.',
    recovery: 'never',
    remedy: 'Read the message of the upstream; the same request will fail again.',
  },
  'upstream.unauthorized': {
    meaning: 'The upstream does not accept the credential of the relay.',
    recovery: 'user',
    remedy: 'Sign in again: run "sovereign relay login" on the relay.',
  },
  'upstream.quota-exceeded': {
    meaning: 'The account has nothing left to spend.',
    recovery: 'user',
    remedy:
      'Wait for the monthly reset, or set a budget with the upstream (https://github.com/settings/billing).',
  },
  'upstream.forbidden': {
    meaning: 'The account may not do this with the upstream.',
    recovery: 'user',
    remedy:
      'Read the message of the upstream: the plan, a policy of the organisation or the model may be in the way.',
  },
  'upstream.content-filtered': {
    meaning: 'The content filter of the upstream stopped the request.',
    recovery: 'never',
    remedy: 'Change the request.',
  },
  'upstream.dependency-failed': {
    meaning: 'Something that the upstream needs for this request failed.',
    recovery: 'automatic',
    remedy: 'Try again a little later.',
  },
  'upstream.rate-limited': {
    meaning: 'The account sends too much at the moment.',
    recovery: 'automatic',
    remedy:
      'Wait as long as the Retry-After header says; if that is hours, a session or weekly limit is reached.',
  },
  'upstream.client-outdated': {
    meaning: 'The upstream no longer serves this version of the relay.',
    recovery: 'user',
    remedy: 'Update Sovereign Bridge.',
  },
  'upstream.cancelled': {
    meaning: 'The upstream broke off the request.',
    recovery: 'automatic',
    remedy: 'Send the request again.',
  },
  'upstream.overloaded': {
    meaning: 'The upstream cannot serve the request right now.',
    recovery: 'automatic',
    remedy: 'Try again a little later, or choose another model.',
  },
})
