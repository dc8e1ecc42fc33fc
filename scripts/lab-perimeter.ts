// The firewall matrix with real packets, as a table: npm run lab:perimeter [-- --verbose --mutations --only NAME]
import { parseArgs } from 'node:util'
import { evidenceText, isWrong, matrixText } from '../src/cli/perimeter-matrix.ts'
import type { TextStyle } from '../src/cli/terminal-text.ts'
import { startLab } from '../test/support/perimeter-lab/lab.ts'
import { SCENARIOS, type Scenario } from '../test/support/perimeter-lab/lab-perimeter.ts'
import {
  mutableMachines,
  mutationsOf,
  namesOf,
  tryMutations,
} from '../test/support/perimeter-lab/mutations.ts'
import { whyNoLab } from '../test/support/perimeter-lab/world.ts'

const { values: options } = parseArgs({
  options: {
    verbose: { type: 'boolean', short: 'v', default: false },
    mutations: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const USAGE = `npm run lab:perimeter [-- OPTIONS]

Builds a perimeter of network namespaces, loads the rules as they are rendered, and tries every
cell of the firewall matrix with real packets. What counts is what arrived.

  --only NAME    one scenario: ${SCENARIOS.map(({ name }) => name).join(' | ')}
  --mutations    leave out one rule after the other; each has to be noticed by some cell
  --verbose, -v  what was seen of every cell`

const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
const style: TextStyle = { width: Math.max(process.stdout.columns ?? 200, 120), color }
/** Of those that are not as they should be; all of them with --verbose. */
const MOST_SHOWN = 12
const red = (text: string) => (color ? `\u001b[31m${text}\u001b[0m` : text)
const bold = (text: string) => (color ? `\u001b[1m${text}\u001b[0m` : text)

/** Ends what is being tried; a second one is not waited for, because the kernel clears up by itself. */
let open: (() => Promise<void>) | undefined
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => {
    void (open?.() ?? Promise.resolve()).finally(() => process.exit(code))
  })

if (options.help) console.log(USAGE)
else process.exitCode = await main()

async function main(): Promise<number> {
  const reason = whyNoLab()
  if (reason !== undefined) {
    console.error(`The lab cannot run here: ${reason}.`)
    return 2
  }
  const chosen = SCENARIOS.filter(({ name }) => options.only === undefined || name === options.only)
  if (chosen.length === 0) {
    console.error(`There is no scenario "${options.only}".\n\n${USAGE}`)
    return 2
  }
  const started = performance.now()
  let [cells, wrong, rules, unnoticed] = [0, 0, 0, 0]
  for (const scenario of chosen) {
    const counts = await runScenario(scenario)
    cells += counts.cells
    wrong += counts.wrong
    rules += counts.rules
    unnoticed += counts.unnoticed
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(`${bold(`${cells - wrong} of ${cells} cells`)} are as the policy says (${seconds} s).`)
  if (options.mutations) console.log(`${rules - unnoticed} of ${rules} broken rule sets were noticed.`)
  return wrong + unnoticed === 0 ? 0 : 1
}

async function runScenario(scenario: Scenario) {
  const started = performance.now()
  const lab = await startLab(scenario, (close) => {
    open = close
  })
  try {
    const results = await lab.judge.try(lab.cells)
    await lab.judge.checkListeners(lab.cells)
    const wrong = results.filter(isWrong)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${bold(scenario.name)}: ${scenario.about}`)
    console.log(matrixText(results, style))
    console.log(`  ${results.length - wrong.length} of ${results.length} as the policy says, ${seconds} s\n`)
    const shown = options.verbose ? results : wrong.slice(0, MOST_SHOWN)
    if (shown.length > 0) console.log(evidenceText(shown, style))
    if (!options.verbose && wrong.length > shown.length)
      console.log(`  and ${wrong.length - shown.length} more; all of them with --verbose`)
    if (shown.length > 0) console.log('')
    const mutations = options.mutations
      ? mutableMachines(scenario).flatMap((machine) => mutationsOf(machine, lab.rules[machine]))
      : []
    const caught = await tryMutations(lab, mutations, ({ mutation, cells }) => {
      const name = `  ${mutation.machine} ${mutation.name}`.padEnd(48)
      console.log(cells.length === 0 ? red(`${name} NOBODY NOTICES`) : `${name} ${namesOf(cells)}`)
    })
    if (mutations.length > 0) console.log('')
    const unnoticed = caught.filter(({ cells }) => cells.length === 0).length
    return { cells: results.length, wrong: wrong.length, rules: mutations.length, unnoticed }
  } finally {
    await lab.close()
    open = undefined
  }
}
