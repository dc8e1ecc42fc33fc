const whole = (amount: number): string => amount.toLocaleString('en-GB')
const count = (amount: number, one: string, many: string): string =>
  `${whole(amount)} ${amount === 1 ? one : many}`

export const diagnosticsWords = {
  title: 'Diagnostics',
  bridge: 'Bridge',
  version: 'Version',
  since: 'Running for',
  profile: 'Profile',
  wanted: 'Wanted',
  connected: 'connected',
  disconnected: 'disconnected',

  checks: 'Checks',
  running: 'Looking at everything that is known to go wrong…',
  runningFor: 'for ',
  run: 'Run checks',
  runAgain: 'Run again',
  copy: 'Copy as text',
  looked: 'Looked ',
  failed: 'The checks could not be run',
  none: 'There was nothing to check.',
  problems: 'What needs you',
  allWell: 'Everything that was looked at is in order',
  someWrong: (amount: number) => `${count(amount, 'thing needs', 'things need')} you`,
  someWarn: (amount: number) => count(amount, 'warning', 'warnings'),
  summary: (ok: number, warning: number, failed: number, skipped: number) =>
    [
      failed === 0 ? [] : `${whole(failed)} failed`,
      warning === 0 ? [] : count(warning, 'warning', 'warnings'),
      `${whole(ok)} in order`,
      skipped === 0 ? [] : `${whole(skipped)} skipped`,
    ]
      .flat()
      .join(', '),
  more: (amount: number) => `Show ${whole(amount)} more`,
  fix: 'What to do',
  status: {
    ok: 'In order',
    warning: 'Warning',
    failed: 'Failed',
    skipped: 'Skipped',
  },
  groups: {
    computer: 'This computer',
    relay: 'Relay',
    client: 'Clients',
    other: 'Other',
  },
  textTitle: (version: string, at: string) => `Sovereign Bridge ${version}, checks of ${at}`,

  report: 'Report',
  reportIntro:
    'What you may hand on when you ask for help: versions, settings, state, checks and the end of the log. Names and credentials are taken out. Look through it before you save it; nothing is sent anywhere.',
  make: 'Make a report',
  makeAgain: 'Make it again',
  making: 'Collecting, and taking names and credentials out…',
  makeFailed: 'The report could not be made',
  emptyReport: 'The report is empty.',
  files: 'Files of the report',
  redactions: (amount: number) => (amount === 0 ? 'nothing taken out' : `${whole(amount)} taken out`),
  redactionTotal: (amount: number) => `${count(amount, 'value', 'values')} taken out in all`,
  preview: (file: string) => `Text of ${file}`,
  search: 'Search in this file',
  searchHint: 'Shows the lines that hold it',
  lines: (amount: number) => count(amount, 'line', 'lines'),
  matching: (found: number, all: number) => `${whole(found)} of ${count(all, 'line', 'lines')}`,
  noLines: 'No line holds that.',
  emptyFile: 'This file is empty.',
  moreLines: (amount: number) => `Show ${whole(amount)} more lines`,
  saveZip: 'Save as zip',
  savedAs: (name: string) => `Handed to your browser as ${name}.`,
  copyFile: 'Copy this file',
}
