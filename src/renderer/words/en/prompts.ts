export const promptsWords = {
  title: 'Questions',
  lead: 'What the bridge needs a person for.',
  none: 'Nothing to answer',
  noneText: 'When a host wants a password, shows a new key or holds a port, you are asked here.',
  more: (count: number) => (count === 1 ? 'One more question waits.' : `${count} more questions wait.`),
  goneTitle: 'A question went away',
  gone: {
    'host-key': (host: string) =>
      `The key of ${host} is no longer asked about: it was answered elsewhere, or the connection was given up.`,
    passphrase: (host: string) =>
      `The passphrase of ${host} is no longer needed: it was given elsewhere, or the connection was given up.`,
    password: (host: string) =>
      `The password for ${host} is no longer needed: it was given elsewhere, or the connection was given up.`,
    'keyboard-interactive': (host: string) =>
      `${host} no longer waits for an answer: the time was up, or the connection was given up.`,
  },
  understood: 'Understood',
  cancel: 'Cancel',
  goOn: 'Go on',
  answerFailed: 'The answer did not arrive',
  stale: 'The bridge does not answer at the moment, so nothing can be answered here.',
  attempt: (attempt: number) => `That was not it. Try ${attempt}.`,

  hostKeyTitle: (host: string) => `Is this really ${host}?`,
  hostKeyLead: (host: string) =>
    `This computer has never spoken to ${host}. Compare its fingerprint with what the host itself shows: if they differ, somebody else answers in its place.`,
  host: 'Host',
  keyType: 'Kind of key',
  fingerprint: 'Fingerprint',
  copyFingerprint: 'Copy fingerprint',
  compareHow: 'How to compare',
  compareText: 'On the host itself, at its console or in a session that you trust already, run:',
  copyCommand: 'Copy command',
  compareLabel: 'What the host shows',
  compareHint: 'Paste the line here and it is compared for you. You may also compare by eye.',
  compareSame: 'Same: this is the host',
  compareDiffers: 'Different: do not accept this key',
  accept: 'Accept and remember',
  refuse: 'Refuse',

  passphraseTitle: 'Passphrase of your key',
  passphraseLead:
    'This private key is locked with a passphrase. It is used on this computer only and is sent to nobody.',
  keyFile: 'Key',
  passphrase: 'Passphrase',
  remember: 'Remember it',
  rememberHint: (where: string) => `It is kept ${where}, and you are not asked again.`,
  keychainOfThis: 'in the keychain of this computer',
  notKept: {
    keychain: 'No keychain answers on this computer, so this cannot be remembered.',
    file: 'The file for passphrases cannot be used, so this cannot be remembered.',
  },
  notKeptNext:
    'In the settings, under General, you can choose a file that only you can read, or to be asked each time.',
  unlock: 'Unlock',

  passwordTitle: (host: string) => `Password for ${host}`,
  passwordLead: 'The host offers no other way in. A key would spare you this question.',
  login: 'Login',
  password: 'Password',
  logIn: 'Log in',

  interactiveTitle: (host: string) => `${host} asks`,
  interactiveLead: 'The words below come from the host, not from Sovereign Bridge.',
  saidBy: (host: string) => `What ${host} says`,
  noQuestion: 'It asks nothing and only wants to be read.',
  answerTo: (number: number) => `Answer ${number}`,
  send: 'Send',

  portTitle: 'Another program holds the port',
  portTitleOn: (client: string) => `Another program on ${client} holds the port`,
  portAgent: 'Programs on this computer find the relay there, so they have none until this is settled.',
  portClient: (client: string) =>
    `Programs on ${client} find the relay there, so they have none until this is settled.`,
  portStop: 'Stop the other program and try again, or use a free port until the bridge is started anew.',
  usePort: (port: number) => `Use port ${port} until the next start`,
  retry: 'Try again',
  later: 'Not now',
  portFailed: 'That did not work',

  changedTitle: (place: string) => `${place} shows another key than before`,
  changedLead:
    'Somebody may be listening in, or the host was set up anew. Nothing is sent to it until you have found out.',
  shownNow: 'Shown now',
  onRecord: 'On record',
  revokedTitle: (place: string) => `${place} shows a key that was revoked`,
  askOwner: 'Ask the owner of the host whether its key was changed. If it was not, stay away.',
}
