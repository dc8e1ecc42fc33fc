import { describe, expect, onTestFinished, test } from 'vitest'
import { startLab } from '../../support/perimeter-lab/lab.ts'
import { SCENARIOS } from '../../support/perimeter-lab/lab-perimeter.ts'
import { mutableMachines, mutationsOf, tryMutations } from '../../support/perimeter-lab/mutations.ts'
import { whyNoLab } from '../../support/perimeter-lab/world.ts'

const why = whyNoLab()
if (why !== undefined) console.warn(`SKIPPED: NO RULE IS LEFT OUT TO SEE WHO NOTICES, because ${why}.`)

/** Together these have every rule that is ever rendered. */
const NAMES = [
  'vlan, SSH and no internet',
  'vlan, LAN only',
  'vlan',
  'port',
  'host',
  'host, SSH and no internet',
]

describe.skipIf(why !== undefined)(
  'no rule can be left out, and no chain opened, without a cell that notices',
  () => {
    test.each(SCENARIOS.filter(({ name }) => NAMES.includes(name)))(
      '$name',
      { timeout: 240_000 },
      async (scenario) => {
        const lab = await startLab(scenario, onTestFinished)
        const mutations = mutableMachines(scenario).flatMap((machine) =>
          mutationsOf(machine, lab.rules[machine]),
        )
        expect(mutations.length).toBeGreaterThan(10)

        const caught = await tryMutations(lab, mutations)
        const unnoticed = caught.filter(({ cells }) => cells.length === 0)
        expect(unnoticed.map(({ mutation }) => `${mutation.machine} ${mutation.name}`)).toEqual([])

        // The rules themselves stand again.
        const results = await lab.judge.try(lab.cells)
        expect(results.filter(({ cell, verdict }) => verdict !== cell.expected)).toEqual([])
      },
    )
  },
)
