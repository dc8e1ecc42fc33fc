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
  'setup.host-unusable': {
    meaning: 'The request does not say under which address the client reached the relay.',
    recovery: 'never',
    remedy: 'Use the address of the tunnel, such as http://127.0.0.1:8080/setup.',
    status: 400,
  },
  'setup.arguments-invalid': {
    meaning: 'A query of the client set-up has a value that does not exist.',
    recovery: 'never',
    remedy: 'Use one of the values that are named.',
    status: 400,
  },
  'setup.config-invalid': {
    meaning: 'The configuration file of the client cannot be understood, so nothing is changed in it.',
    recovery: 'user',
    remedy: 'Correct the file at the named place, then run the set-up again.',
    status: 422,
  },
  'setup.too-large': {
    meaning: 'The configuration file of the client is larger than any configuration should be.',
    recovery: 'never',
    remedy: 'Check that it is the right file.',
    status: 413,
  },
  'setup.opencode-missing': {
    meaning: 'The bundle does not carry OpenCode for this kind of machine.',
    recovery: 'user',
    remedy: 'Run "sovereign relay bundle --with-opencode npm" on the relay, or ask without OpenCode.',
    status: 404,
  },
})
