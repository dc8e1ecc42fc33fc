import { describe, expect, onTestFinished, test } from 'vitest'
import { startLab } from '../../support/perimeter-lab/lab.ts'
import { SCENARIOS } from '../../support/perimeter-lab/lab-perimeter.ts'
import { whyNoLab } from '../../support/perimeter-lab/world.ts'

const why = whyNoLab()
if (why !== undefined) console.warn(`SKIPPED: NO PACKET IS SENT THROUGH A PERIMETER, because ${why}.`)

describe.skipIf(why !== undefined)('real packets get where the policy says, and nowhere else', () => {
  test.each(SCENARIOS)('$name: $about', { timeout: 90_000 }, async (scenario) => {
    const lab = await startLab(scenario, onTestFinished)
    const results = await lab.judge.try(lab.cells)
    // A listener that had died would make every denial look right.
    await lab.judge.checkListeners(lab.cells)

    const wrong = results.filter(({ cell, verdict }) => verdict !== cell.expected)
    expect(wrong.map(({ cell, evidence }) => `${cell.id} should be ${cell.expected}: ${evidence}`)).toEqual(
      [],
    )
    expect(results.map(({ cell }) => cell)).toEqual(lab.cells)
    expect(new Set(lab.cells.map(({ id }) => id)).size).toBe(lab.cells.length)
  })
})
