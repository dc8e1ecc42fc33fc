import type { Check } from '../../../shared/protocol/diagnostics.ts'
import type { Tone } from '../../ui/tone.ts'
import { words } from '../../words/words.ts'

export type GroupId = keyof typeof words.diagnostics.groups

export interface CheckGroup {
  readonly id: GroupId
  readonly checks: readonly Check[]
}

const ORDER: readonly GroupId[] = ['computer', 'relay', 'client', 'other']

/** By the first part of a check's id, such as `client` of `client.builder.path`. */
const GROUP_OF: Readonly<Record<string, GroupId>> = {
  program: 'computer',
  settings: 'computer',
  keychain: 'computer',
  'ssh-config': 'computer',
  disk: 'computer',
  agent: 'computer',
  ollama: 'computer',
  vpn: 'computer',
  relay: 'relay',
  client: 'client',
}

/** From this computer outward; groups without a check are left out. */
export function groupChecks(checks: readonly Check[]): CheckGroup[] {
  const groups = Map.groupBy(checks, ({ id }) => {
    const [first = ''] = id.split('.')
    return Object.hasOwn(GROUP_OF, first) ? (GROUP_OF[first] ?? 'other') : 'other'
  })
  return ORDER.flatMap((id) => {
    const found = groups.get(id)
    return found === undefined ? [] : [{ id, checks: found }]
  })
}

/** What needs somebody: failures before warnings. */
export function problemsOf(checks: readonly Check[]): Check[] {
  return [
    ...checks.filter(({ status }) => status === 'failed'),
    ...checks.filter(({ status }) => status === 'warning'),
  ]
}

export const STATUS_TONES: Readonly<Record<Check['status'], Tone>> = {
  ok: 'good',
  warning: 'ask',
  failed: 'bad',
  skipped: 'quiet',
}

/** "1 failed, 2 warnings, 9 in order". */
export function summaryOf(checks: readonly Check[]): string {
  const count = (wanted: Check['status']): number => checks.filter(({ status }) => status === wanted).length
  return words.diagnostics.summary(count('ok'), count('warning'), count('failed'), count('skipped'))
}

/** Everything as plain text, problems first, for a message to somebody who helps. */
export function textOfChecks(checks: readonly Check[], title: string): string {
  const problems = problemsOf(checks)
  const rest = checks.filter((check) => !problems.includes(check))
  const lines = [...problems, ...rest].map(lineOf)
  return `${[title, summaryOf(checks), '', ...lines].join('\n')}\n`
}

function lineOf({ status, title, detail, fix }: Check): string {
  const said = words.diagnostics
  const first = `[${said.status[status]}] ${title}: ${detail}`
  return fix === undefined ? first : `${first}\n    ${said.fix}: ${fix}`
}
