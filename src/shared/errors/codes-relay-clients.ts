import { defineErrors } from './define.ts'

/** What a relay says of its clients: how they are set up, let in, limited and counted. */
export const RELAY_CLIENT_ERRORS = defineErrors({
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
    remedy:
      'Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit; not "unknown", "admin" or "other", which have a meaning in the usage.',
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
  'limits.rate-exceeded': {
    meaning: 'The client, or all clients together, sent as many requests within a minute as they may.',
    recovery: 'automatic',
    remedy: 'Wait as long as the Retry-After header says.',
    status: 429,
  },
  'limits.concurrency-exceeded': {
    meaning: 'The client, or all clients together, have as many requests under way as they may.',
    recovery: 'automatic',
    remedy: 'Wait until one of them has ended.',
    status: 429,
  },
  'limits.month-spent': {
    meaning: 'A monthly limit that the owner of the relay has set is used up.',
    recovery: 'user',
    remedy: 'Wait for the next month, or raise the limit on the relay; "sovereign relay limits" shows it.',
    status: 429,
  },
  'usage.month-invalid': {
    meaning: 'The usage of something that is no month was asked for.',
    recovery: 'never',
    remedy: 'Ask with a month such as month=2026-11.',
    status: 400,
  },
})
