import { defineErrors } from './define.ts'

/** Why a relay does not start, or cannot keep its configuration. */
export const RELAY_START_ERRORS = defineErrors({
  'relay.config-invalid': {
    meaning: 'The configuration of the relay has a mistake.',
    recovery: 'user',
    remedy: 'Correct the named place; the file was not touched.',
  },
  'relay.config-unwritable': {
    meaning: 'The configuration of the relay cannot be saved.',
    recovery: 'user',
    remedy: 'Make config.json writable for this user; until then a sign-in is lost with the next restart.',
    status: 500,
  },
  'relay.bind-refused': {
    meaning: 'The relay would be open to the network without asking for tokens.',
    recovery: 'user',
    remedy:
      'Keep RELAY_HOST=127.0.0.1, require client tokens (sovereign relay clients require on), or set relay.allow_remote to true.',
  },
  'relay.tls-unusable': {
    meaning: 'The TLS certificate or key of the relay cannot be used.',
    recovery: 'user',
    remedy:
      'Check relay.tls in config.json: PEM files, the key without a passphrase and for this user alone.',
  },
  'relay.already-running': {
    meaning: 'Another relay already uses this data folder.',
    recovery: 'user',
    remedy: 'Stop the other relay, or start this one with another data folder.',
  },
})

/** Why a relay does not become a service of its machine. */
export const RELAY_INSTALL_ERRORS = defineErrors({
  'install.unsupported': {
    meaning: 'The relay cannot install itself as a service on this kind of machine.',
    recovery: 'user',
    remedy: 'Start "sovereign relay" from whatever keeps programs running there, or use the container image.',
  },
  'install.no-node': {
    meaning: 'The host has no Node that runs a relay, and none could be brought along.',
    recovery: 'user',
    remedy: 'Install Node 24 or later on the host (https://nodejs.org/en/download), then try again.',
  },
  'install.not-ours': {
    meaning: 'A relay runs on the host that somebody else has installed there.',
    recovery: 'user',
    remedy: 'Use it as it is, or stop it first.',
  },
  'install.no-bundle': {
    meaning: 'The file with the relay, which is to be copied to the host, is not at hand.',
    recovery: 'user',
    remedy: 'In a checkout run "npm run build"; otherwise install Sovereign Bridge anew.',
  },
  'install.failed': {
    meaning: 'The service manager refused a step of the installation.',
    recovery: 'user',
    remedy: 'Run the named command by hand on the machine of the relay to see why.',
  },
})
