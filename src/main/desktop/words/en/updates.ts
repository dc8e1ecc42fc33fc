/** Why there is no update, or not now. */
export const updatesWords = {
  checkout: 'This is a checkout: bring it up to date with git.',
  noPlace: 'This build knows no place for updates.',
  byPackageManager: 'The package manager of this computer brings updates.',
  nothingToInstall: 'There is no update to install.',
  beingAnswered: (clients: readonly string[]) => `Requests of ${clients.join(', ')} are being answered.`,
  waits: (busy: string) => `${busy} The update waits.`,
}
