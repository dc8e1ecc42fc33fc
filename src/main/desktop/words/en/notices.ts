/** Notifications of the desktop. */
export const noticesWords = {
  needsAnswer: 'Sovereign Bridge needs an answer',
  hostKey: (host: string) => `Is this the host key of ${host}?`,
  passphrase: (keyFile: string) => `The key ${keyFile} needs its passphrase.`,
  asksYou: (place: string) => `${place} asks you something.`,
  jobOver: {
    'test-relay': (subject: string) => `Test of the relay on ${subject}`,
    'install-relay': (subject: string) => `Relay on ${subject}`,
    'test-client': (subject: string) => `Test of ${subject}`,
    'set-up-client': (subject: string) => `Set-up of ${subject}`,
  },
  done: 'Done.',
  /** @param headline one of {@link statusWords}. */
  still: (headline: string) => `Still ${headline.charAt(0).toLowerCase()}${headline.slice(1)}`,
  cause: (message: string, remedy: string) => `${message} ${remedy}`,
  allWell: 'Everything works.',
  slow: 'It takes longer than it should.',
}
