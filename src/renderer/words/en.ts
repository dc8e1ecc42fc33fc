import { dashboardWords } from './en/dashboard.ts'
import { diagnosticsWords } from './en/diagnostics.ts'
import { egressWords } from './en/egress.ts'
import { firstRunWords } from './en/first-run.ts'
import { promptsWords } from './en/prompts.ts'
import { settingsWords } from './en/settings.ts'
import { shellWords } from './en/shell.ts'
import { signInWords } from './en/sign-in.ts'
import { stateWords } from './en/states.ts'
import { uiWords } from './en/ui.ts'
import { vpnWords } from './en/vpn.ts'

/** Every sentence that the windows show, in English; a function where a number or a name stands in it. */
export const en = {
  /** For dates. */
  locale: 'en-GB',
  /** For numbers: the short forms of en-GB have a small m for a million. */
  numberLocale: 'en',
  ui: uiWords,
  shell: shellWords,
  states: stateWords,
  dashboard: dashboardWords,
  egress: egressWords,
  vpn: vpnWords,
  settings: settingsWords,
  diagnostics: diagnosticsWords,
  signIn: signInWords,
  prompts: promptsWords,
  firstRun: firstRunWords,
} as const
