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
  'settings.changed-on-disk': {
    meaning: 'The settings file was changed by somebody else while it was being edited here.',
    recovery: 'user',
    remedy: 'Read the file again and make the change in what it says now. Nothing was saved.',
    status: 409,
  },
  'settings.from-the-future': {
    meaning: 'The settings file was written by a newer version of Sovereign Bridge.',
    recovery: 'user',
    remedy: 'Update Sovereign Bridge, or start it with another settings file.',
  },
  'environment.invalid': {
    meaning: 'An environment variable has a value that does not exist.',
    recovery: 'user',
    remedy: 'Set it to one of the values that are named, or not at all.',
  },
  'bridge.disconnected': {
    meaning: 'The bridge is disconnected, so there is nothing behind it to ask.',
    recovery: 'user',
    remedy: 'Connect first.',
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
  'agent.not-http': {
    meaning: 'A program sent something other than plain HTTP/1.1 to the local port.',
    recovery: 'never',
    remedy: 'Use an address that begins with http:// (not https://).',
    status: 400,
  },
  'agent.head-timeout': {
    meaning: 'A program opened a connection to the local port and did not finish saying what it wants.',
    recovery: 'never',
    remedy: 'Send the request again, all of it.',
    status: 408,
  },
  'prompt.cancelled': {
    meaning: 'A question was not answered.',
    recovery: 'user',
    remedy: 'Connect again and answer the question, or set up a key that needs no answer.',
  },
  'secrets.unavailable': {
    meaning: 'The place where passphrases are to be kept, a keychain or a file, cannot be used.',
    recovery: 'user',
    remedy:
      'Unlock the keychain or start a Secret Service such as gnome-keyring, or choose another place under "secrets" in the settings.',
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
  'api.malformed': {
    meaning: 'A message to the bridge, or from it, is not in the form that both have agreed on.',
    recovery: 'never',
    remedy: 'Use the same version of Sovereign Bridge on both sides.',
    status: 400,
  },
  'api.busy': {
    meaning: 'A face has more calls under way than the bridge takes at once, or too many faces are attached.',
    recovery: 'automatic',
    remedy: 'Wait for the answers to earlier calls, or close faces that nobody looks at.',
    status: 503,
  },
  'api.token-wrong': {
    meaning: 'A request to the bridge came without its token or with another one.',
    recovery: 'never',
    remedy: 'Use the token in the info file of the running bridge; every start makes a new one.',
    status: 401,
  },
  'api.foreign-request': {
    meaning: 'A request to the bridge comes from a web page or names a host that is not this machine.',
    recovery: 'never',
    remedy: 'Use the address in the info file as it is written there.',
    status: 403,
  },
  'bridge.not-running': {
    meaning: 'No bridge runs for this user.',
    recovery: 'user',
    remedy: 'Start it with "sovereign bridge", or start the tray app.',
  },
  'bridge.already-running': {
    meaning: 'Another bridge of this user runs already.',
    recovery: 'user',
    remedy: 'Open the window of the running one ("sovereign dashboard"), or stop it first.',
  },
  'bridge.connection-ended': {
    meaning: 'The bridge stopped or cut the connection to this face.',
    recovery: 'automatic',
    remedy: 'Check with "sovereign status" that the bridge runs, then try again.',
  },
  'bridge.info-unusable': {
    meaning: 'The file that says how to reach the running bridge cannot be used.',
    recovery: 'user',
    remedy: 'Give the folder to this user alone (mode 0700), delete the file, and start the bridge again.',
  },
  'job.running-already': {
    meaning: 'The same work is under way already, or as much other work as the bridge does at once.',
    recovery: 'user',
    remedy: 'Wait until it is over, or cancel it.',
    status: 409,
  },
  'job.cancelled': {
    meaning: 'Somebody cancelled the work, or the bridge stopped.',
    recovery: 'user',
    remedy: 'Nothing is left behind; start it again when it suits.',
  },
  'job.unexpected-answer': {
    meaning: 'A command on the host did not do what it should.',
    recovery: 'user',
    remedy: 'Log in to the host and look at what the message says.',
  },
  'api.no-desktop': {
    meaning: 'The bridge runs without a desktop, which this needs.',
    recovery: 'never',
    remedy: 'Do it in the tray app.',
    status: 409,
  },
  'desktop.page-unknown': {
    meaning: 'A web page was not opened because its address is not one that the app knows.',
    recovery: 'never',
    remedy: 'Open the address in the browser yourself if you trust it.',
    status: 403,
  },
  'desktop.cannot-open': {
    meaning: 'The desktop has no program that opens the file, or the file is not there.',
    recovery: 'user',
    remedy: 'Save the settings once if there is no file yet, or open it in an editor yourself.',
    status: 409,
  },
  'desktop.no-login-switch': {
    meaning: 'This installation of the app has no way to be started at login.',
    recovery: 'never',
    remedy: 'Install the app from a package; a checkout can be started by the session of the desktop.',
    status: 409,
  },
  'desktop.no-updates': {
    meaning: 'There is no update to install, or this installation does not update itself.',
    recovery: 'never',
    remedy: 'Look for updates first, or update the way the app was installed.',
    status: 409,
  },
  'desktop.in-use': {
    meaning: 'Requests are being answered, which an update would cut off.',
    recovery: 'user',
    remedy: 'Wait until they are answered, or disconnect, and install the update then.',
    status: 409,
  },
  'report.unwritable': {
    meaning: 'The report cannot be written where it was asked for.',
    recovery: 'user',
    remedy: 'Name a file in a folder that exists and that this user may write to.',
  },
  'api.not-found': {
    meaning: 'The thing that a call refers to does not exist.',
    recovery: 'never',
    remedy: 'Read the state again: it may have gone away in the meantime.',
    status: 404,
  },
})
