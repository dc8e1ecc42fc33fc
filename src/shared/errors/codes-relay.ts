import { RELAY_ACCOUNT_ERRORS, RELAY_SIGN_IN_ERRORS } from './codes-relay-accounts.ts'
import { RELAY_CLIENT_ERRORS } from './codes-relay-clients.ts'
import { RELAY_OLLAMA_ERRORS } from './codes-relay-ollama.ts'
import { RELAY_REACH_ERRORS } from './codes-relay-reach.ts'
import { RELAY_REQUEST_ERRORS } from './codes-relay-requests.ts'
import { RELAY_INSTALL_ERRORS, RELAY_START_ERRORS } from './codes-relay-service.ts'
import { RELAY_PASSING_ERRORS, UPSTREAM_ERRORS } from './codes-relay-upstreams.ts'

/** Failures that a relay answers with, and failures of reaching one, in the order of docs/errors.md. */
export const RELAY_ERRORS = {
  ...RELAY_REACH_ERRORS,
  ...RELAY_CLIENT_ERRORS,
  ...RELAY_REQUEST_ERRORS,
  ...RELAY_PASSING_ERRORS,
  ...RELAY_ACCOUNT_ERRORS,
  ...RELAY_OLLAMA_ERRORS,
  ...RELAY_SIGN_IN_ERRORS,
  ...RELAY_START_ERRORS,
  ...UPSTREAM_ERRORS,
  ...RELAY_INSTALL_ERRORS,
}
