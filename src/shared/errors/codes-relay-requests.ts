import { defineErrors } from './define.ts'

/** Requests that a relay does not take, whatever upstream they are for. */
export const RELAY_REQUEST_ERRORS = defineErrors({
  'relay.not-running': {
    meaning: 'No relay runs on this machine, or it runs with another data folder.',
    recovery: 'user',
    remedy:
      'Start one with "sovereign relay", or start the bridge that has one inside. Where it runs with another data folder, name that with --data-dir.',
  },
  'relay.admin-only': {
    meaning: 'This part of the relay is only for its owner.',
    recovery: 'user',
    remedy:
      'Run "sovereign relay login" or "sovereign relay status" on the relay itself, or send its admin token as bearer.',
    status: 403,
  },
  'relay.foreign-request': {
    meaning: 'The request comes from a web page or names a host that is not this relay.',
    recovery: 'user',
    remedy: 'Use http://127.0.0.1 with the port of the tunnel, or add the name to relay.allowed_hosts.',
    status: 403,
  },
  'relay.not-found': {
    meaning: 'The relay has nothing under this path.',
    recovery: 'never',
    remedy:
      'Use /v1/… for all upstreams, /api/v1/… for OpenRouter and /providers/NAME/v1/… for one provider.',
    status: 404,
  },
  'relay.method-not-allowed': {
    meaning: 'The path exists, but not for this method.',
    recovery: 'never',
    remedy: 'Use one of the methods in the Allow header.',
    status: 405,
  },
  'relay.request-malformed': {
    meaning: 'The request breaks the rules of HTTP in a way that could hide another request.',
    recovery: 'never',
    remedy: 'Correct the client that sends it.',
    status: 400,
  },
  'relay.head-too-large': {
    meaning: 'The headers of the request are larger than the relay accepts.',
    recovery: 'never',
    remedy: 'Let the client send fewer or shorter headers.',
    status: 431,
  },
  'relay.request-timeout': {
    meaning: 'A client opened a connection and did not finish its request in time.',
    recovery: 'never',
    remedy: 'Send the request again, all of it.',
    status: 408,
  },
  'relay.body-too-large': {
    meaning: 'The request body is larger than the relay accepts.',
    recovery: 'never',
    remedy: 'Send less at once, or raise relay.max_body_bytes in config.json.',
    status: 413,
  },
  'relay.body-invalid': {
    meaning: 'The request body is not what this path takes.',
    recovery: 'never',
    remedy: 'Send a JSON object.',
    status: 400,
  },
  'relay.body-encoded': {
    meaning: 'The request body is compressed, so the relay cannot look into it.',
    recovery: 'never',
    remedy: 'Send the body without Content-Encoding.',
    status: 415,
  },
  'relay.shutting-down': {
    meaning: 'The relay is about to stop.',
    recovery: 'automatic',
    remedy: 'Try again in a few seconds.',
    status: 503,
  },
})
