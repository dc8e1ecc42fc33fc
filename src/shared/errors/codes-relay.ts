import { defineErrors } from './define.ts'

/** Failures that a relay answers with, and failures of reaching one. */
export const RELAY_ERRORS = defineErrors({
  'relay.unreachable': {
    meaning: 'The relay does not answer.',
    recovery: 'automatic',
    remedy: 'Check on the relay host that "sovereign relay" runs and listens on the configured port.',
    status: 502,
  },
  'relay.not-a-relay': {
    meaning: 'Something answers on the relay port, but it is no Sovereign Bridge relay.',
    recovery: 'user',
    remedy: 'Check the relay port of the profile.',
    status: 502,
  },
  'relay.signed-out': {
    meaning: 'The relay has no credential for this upstream.',
    recovery: 'user',
    remedy: 'Sign in: run "sovereign relay login" on the relay, or set its OpenRouter key.',
    status: 401,
  },
})
