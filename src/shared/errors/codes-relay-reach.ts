import { defineErrors } from './define.ts'

/** Failures on the way to a relay, up to one that has nothing to answer with. */
export const RELAY_REACH_ERRORS = defineErrors({
  'relay.certificate-untrusted': {
    meaning: 'Nobody this computer trusts has signed the TLS certificate of the relay.',
    recovery: 'user',
    remedy:
      'If the certificate is your own, name its CA (or itself) under "ca" of the relay in the settings.',
    status: 502,
  },
  'relay.certificate-expired': {
    meaning: 'The TLS certificate of the relay is not valid at this time.',
    recovery: 'user',
    remedy: 'Renew the certificate on the relay; if it is fresh, set the clock of this computer.',
    status: 502,
  },
  'relay.certificate-name': {
    meaning: 'The TLS certificate of the relay stands for another name.',
    recovery: 'user',
    remedy: 'Use one of the names in the certificate in the URL of the relay, or get one for this name.',
    status: 502,
  },
  'relay.certificate-demanded': {
    meaning: 'The relay asks for a client certificate and did not accept what it got.',
    recovery: 'user',
    remedy: 'Name a certificate that the relay accepts under "cert" and "key" of the relay in the settings.',
    status: 502,
  },
  'relay.tls-failed': {
    meaning: 'No TLS connection to the relay comes about.',
    recovery: 'automatic',
    remedy: 'Check that the relay speaks TLS on this port; if it does not, its URL begins with http://.',
    status: 502,
  },
  'relay.files-unusable': {
    meaning: 'A file that the settings name for the way to the relay cannot be used.',
    recovery: 'user',
    remedy: 'Correct the path or the file; keys and tokens have to be for this user alone.',
    status: 502,
  },
  'relay.unreachable': {
    meaning: 'The relay does not answer.',
    recovery: 'automatic',
    remedy: 'Check on the relay host that "sovereign relay" runs and listens on the configured port.',
    status: 502,
  },
  'relay.switched-off': {
    meaning: 'Somebody has switched the relay off in this bridge; the clients stay connected meanwhile.',
    recovery: 'user',
    remedy: 'Switch it on again on the dashboard, in the menu of the tray, or with "sovereign retry relay".',
    status: 503,
  },
  'relay.not-a-relay': {
    meaning: 'Something answers on the relay port, but it is no Sovereign Bridge relay.',
    recovery: 'user',
    remedy: 'Check the address and the port of the relay in the settings.',
    status: 502,
  },
  'relay.signed-out': {
    meaning: 'The relay has no credential for this upstream.',
    recovery: 'user',
    remedy: 'Sign in: run "sovereign relay login" on the relay, or set its OpenRouter key.',
    status: 401,
  },
})
