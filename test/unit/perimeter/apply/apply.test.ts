import { expect, test } from 'vitest'
import { applyRendering } from '../../../../src/perimeter/apply/apply.ts'
import { changeId } from '../../../../src/perimeter/apply/change.ts'
import type { Remote } from '../../../../src/perimeter/apply/remote.ts'
import type { Rendering } from '../../../../src/perimeter/render/rendering.ts'

const NOTHING: Rendering = { machine: 'router', files: [], activate: [] }

/** A machine on which the change stands, by whatever its clock says. */
function machineWithClock(now: number, ends: number): Remote {
  const state = `now=${now}\npending=${changeId(NOTHING)}\nends=${ends}\nactivated=ok\n`
  return {
    place: 'router',
    run: async (command) => ({
      exitCode: 0,
      stdout: command.includes(' state') ? state : '',
      stderr: '',
    }),
    close: async () => undefined,
  }
}

test.each([
  ['has gone back by years', 0, 1_700_000_000, 90],
  ['has gone ahead by years', 1_700_000_000, 90, 0],
  ['was left alone', 1000, 1070, 70],
])('whoever applies has the time that the change has, when the clock %s', async (_what, now, ends, left) => {
  const asked: number[] = []
  const end = await applyRendering({
    rendering: NOTHING,
    seconds: 90,
    connect: async () => machineWithClock(now, ends),
    isToBeKept: async (secondsLeft) => {
      asked.push(secondsLeft)
      return true
    },
    tell: () => undefined,
    signal: new AbortController().signal,
    pause: async () => undefined,
  })
  expect(asked).toEqual([left])
  expect(end).toBe('kept')
})
