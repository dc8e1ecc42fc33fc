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
  'clients.token-required': {
    meaning: 'The relay asks every client for a token and none came with the request.',
    recovery: 'user',
    remedy: 'Give the client its own token: run "sovereign relay clients add NAME" on the relay.',
    status: 401,
  },
  'clients.token-unknown': {
    meaning: 'The token of the client is not, or no longer, valid.',
    recovery: 'user',
    remedy: 'Make a new token: run "sovereign relay clients add NAME" on the relay.',
    status: 401,
  },
  'clients.name-invalid': {
    meaning: 'A client cannot have this name.',
    recovery: 'user',
    remedy: 'Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit.',
    status: 400,
  },
  'clients.name-taken': {
    meaning: 'There is already a client of this name.',
    recovery: 'user',
    remedy: 'Choose another name, or revoke the old one first.',
    status: 409,
  },
  'clients.too-many': {
    meaning: 'The relay knows as many clients as it can.',
    recovery: 'user',
    remedy: 'Revoke clients that are no longer used.',
    status: 409,
  },
  'clients.not-found': {
    meaning: 'There is no client of this name.',
    recovery: 'user',
    remedy: 'See the names with "sovereign relay clients list".',
    status: 404,
  },
  'clients.request-invalid': {
    meaning: 'A call of the client administration came with a body that does not fit.',
    recovery: 'never',
    remedy: 'Correct what is named.',
    status: 400,
  },
  'clients.file-unusable': {
    meaning: 'The list of clients cannot be read or written, so nobody can be let in by it.',
    recovery: 'user',
    remedy: 'Mend clients.json in the data folder of the relay, or delete it and add the clients again.',
    status: 500,
  },
  'usage.month-invalid': {
    meaning: 'The usage of something that is no month was asked for.',
    recovery: 'never',
    remedy: 'Ask with a month such as month=2026-11.',
    status: 400,
  },
  'relay.not-running': {
    meaning: 'No relay runs on this machine, or it runs with another data folder.',
    recovery: 'user',
    remedy: 'Start it with "sovereign relay", or name its admin socket with --socket.',
  },
})
