import { defineErrors } from './define.ts'

/** Failures of the bridge itself: settings, local ports, its API. */
export const BRIDGE_ERRORS = defineErrors({
  'internal.bug': {
    meaning: 'Something happened that the program does not expect.',
    recovery: 'never',
    remedy: 'Please report it with the log lines around it.',
    status: 500,
  },
  'settings.unreadable': {
    meaning: 'The settings file cannot be read or written.',
    recovery: 'user',
    remedy: 'Check that the file exists and that this user may read and write it.',
  },
  'settings.invalid': {
    meaning: 'The settings file has a mistake.',
    recovery: 'user',
    remedy: 'Correct the named line, or delete the key to use its default.',
    status: 400,
  },
  'settings.from-the-future': {
    meaning: 'The settings file was written by a newer version of Sovereign Bridge.',
    recovery: 'user',
    remedy: 'Update Sovereign Bridge, or start it with another settings file.',
  },
  'port.taken': {
    meaning: 'Another program is already listening on this port.',
    recovery: 'user',
    remedy: 'Stop that program, or choose the port that is offered instead.',
  },
  'port.forbidden': {
    meaning: 'This user may not listen on that address or port.',
    recovery: 'user',
    remedy: 'Choose a port above 1023 on a loopback address.',
  },
  'prompt.cancelled': {
    meaning: 'A question was not answered.',
    recovery: 'user',
    remedy: 'Connect again and answer the question, or set up a key that needs no answer.',
  },
  'secrets.unavailable': {
    meaning: 'The keychain of this machine cannot be used.',
    recovery: 'user',
    remedy: 'Unlock the keychain, or start a Secret Service such as gnome-keyring.',
  },
  'api.unknown-call': {
    meaning: 'The bridge has no such call.',
    recovery: 'never',
    remedy: 'Check the name against the list of calls, or update the caller.',
  },
  'api.invalid-arguments': {
    meaning: 'A call came with arguments that do not fit.',
    recovery: 'never',
    remedy: 'Correct the arguments that are named.',
    status: 400,
  },
  'api.not-found': {
    meaning: 'The thing that a call refers to does not exist.',
    recovery: 'never',
    remedy: 'Read the state again: it may have gone away in the meantime.',
    status: 404,
  },
})
