import type { ApplyStep } from '../perimeter/apply/apply.ts'
import type { FileDrift, LiveDrift } from '../perimeter/apply/diff.ts'
import type { KeeperState } from '../perimeter/apply/remote.ts'

/** One line for each step, as it begins. */
export function stepText(step: ApplyStep, target: string): string {
  switch (step.step) {
    case 'connecting':
      return `Connecting to ${target} …`
    case 'connected':
      return `Connected to ${step.place}.`
    case 'handing-over':
      return 'Handing the change over …'
    case 'activating':
      return 'Putting it in place …'
    case 'connecting-anew':
      return 'Connecting anew, to prove that you are not kept out …'
    case 'activated':
      return `In place and reached anew. Without your word it is taken back in ${step.secondsLeft} s.`
    case 'lost':
      return `Not reached: ${step.why}`
    case 'undoing':
      return 'Taking it back …'
  }
}

/** Why there is nothing to confirm or undo, as far as the machine remembers. */
export function notPendingText(place: string, last: KeeperState['result']): string {
  const words = {
    confirmed: 'The last one was kept.',
    undone: 'The last one was undone.',
    expired: 'The last one was taken back, as nobody confirmed it in time.',
    failed: 'The last one failed and was taken back.',
    rebooted: 'The last one was taken back when the machine was restarted.',
  }
  const none = `No change on ${place} waits to be confirmed.`
  return last === undefined ? none : `${none} ${words[last]}`
}

const DRIFT_WORDS = {
  same: 'same    ',
  missing: 'missing ',
  changed: 'differs ',
  leftover: 'leftover',
} as const

/** What differs, file by file and command by command; one line where nothing does. */
export function driftText(files: readonly FileDrift[], live: readonly LiveDrift[] | 'not-applied'): string {
  const changed = files.filter(({ drift }) => drift !== 'same')
  const lines = [
    ...changed.flatMap(({ drift, path, purpose, there, wanted }) => [
      `${DRIFT_WORDS[drift]} ${path}  (${purpose})`,
      ...(there === undefined ? [] : lineDrift(there, wanted)),
    ]),
    ...(live === 'not-applied'
      ? ['Nothing was applied there yet.']
      : live.flatMap(({ command, gone, new: come }) => [
          `in force, by "${command}", since it was confirmed:`,
          ...gone.map((line) => `  - ${line}`),
          ...come.map((line) => `  + ${line}`),
        ])),
  ]
  return lines.length === 0 ? 'The machine is as the perimeter file says.' : lines.join('\n')
}

/** Lines that stand in only one of the two; `-` is what is there, `+` what the perimeter file wants. */
function lineDrift(there: string, wanted: string): string[] {
  const [old, next] = [there.split('\n'), wanted.split('\n')]
  return [
    ...old.filter((line) => !next.includes(line)).map((line) => `  - ${line}`),
    ...next.filter((line) => !old.includes(line)).map((line) => `  + ${line}`),
  ]
}
