/** Native message boxes, and what the desktop refuses. */
export const boxesWords = {
  ok: 'OK',
  openFile: 'Open the file',
  quit: 'Quit',
  newest: (version: string) => `Version ${version} is the newest.`,
  available: (version: string) => `Version ${version} is available.`,
  availableText: 'The menu of the tray icon downloads it.',
  updateFailed: 'The update has not worked.',
  hostKey: (host: string, port: number) => `Is this the host key of ${host}, port ${port}?`,
  hostKeyText:
    'The bridge meets this host for the first time. Compare the fingerprint with the one that "ssh-keygen -lf" prints on the host itself, or that its owner gives you. An accepted key is written to known_hosts.',
  accept: 'Accept',
  refuse: 'Refuse',
  decideLater: 'Decide Later',
  noTray: 'This desktop shows no tray icons.',
  noTrayText:
    'Install and switch on the extension "AppIndicator and KStatusNotifierItem Support" of GNOME, then start again. The bridge runs meanwhile: starting the app once more opens its window.',
  givenUp: 'The window has ended several times in a minute and stays closed.',
  givenUpText: 'The bridge is not touched by that. Open the dashboard again from the tray.',
  noLoginSwitch: 'This installation cannot be started at login.',
  pageUnknown: (url: string) => `${url} is not opened from here.`,
  cannotOpen: (path: string, reason: string) => `${path}: ${reason}`,
  strangePage: 'This page is not one of Sovereign Bridge.',
  noPage: 'There is no such page.',
  needsFileName: (option: string) => `${option} needs the name of a file.`,
}
