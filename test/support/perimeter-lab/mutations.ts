import type { Cell, CellResult, Place } from '../../../src/perimeter/policy/cell.ts'
import type { RenderedFile } from '../../../src/perimeter/render/rendering.ts'
import { SERVER_TABLE } from '../../../src/perimeter/render/server/nftables.ts'
import { loadRules } from './install.ts'
import { QUICK } from './judge.ts'
import type { Lab } from './lab.ts'
import { hasServerFirewall, type Scenario } from './lab-perimeter.ts'

/** A rendered set of rules with one thing wrong. */
export interface Mutation {
  readonly machine: 'router' | 'server'
  /** Such as `without vpn-to-server/4` or `chain forward accepts`. */
  readonly name: string
  readonly text: string
}

export interface Caught {
  readonly mutation: Mutation
  /** Those that are no longer as the policy says; none where the rule could as well be left out. */
  readonly cells: readonly CellResult[]
}

const RULE = /comment "([^"]+)"/
const CHAIN = /^\s*chain (\w+) \{/
const DROP_POLICY = /\bpolicy drop;/

/** One for each rule that is left out, and one for each chain that accepts what no rule names. */
export function mutationsOf(machine: Mutation['machine'], text: string): Mutation[] {
  const lines = text.split('\n')
  let chain = ''
  return lines.flatMap((line, index): Mutation[] => {
    chain = CHAIN.exec(line)?.[1] ?? chain
    const rule = RULE.exec(line)?.[1]
    const replaced = (by: readonly string[]) => lines.toSpliced(index, 1, ...by).join('\n')
    if (DROP_POLICY.test(line)) {
      const open = replaced([line.replace(DROP_POLICY, 'policy accept;')])
      return [{ machine, name: `chain ${chain} accepts`, text: open }]
    }
    return rule === undefined ? [] : [{ machine, name: `without ${rule} (${chain})`, text: replaced([]) }]
  })
}

/**
 * Machines whose rules stand alone. Where the server has a network of its own and a firewall as well, each hides what
 * the other one lacks.
 */
export function mutableMachines({ isolation, serverFirewall }: Scenario): readonly Mutation['machine'][] {
  if (isolation === 'host') return ['router', 'server']
  return serverFirewall === true ? [] : ['router']
}

/** The nftables rules of a rendering; the one file that is loaded with `nft -f`. */
export function rulesFileOf(files: readonly RenderedFile[]): RenderedFile {
  const file = files.find(({ path }) => path.endsWith('.nft'))
  if (file === undefined) throw new Error(`No rules among ${files.map(({ path }) => path).join(', ')}.`)
  return file
}

/**
 * Puts one mutation after the other in the place of the rules and tries the cells again; the true rules stand at the
 * end. The rules of the router have to do without the firewall of the server.
 */
export async function tryMutations(
  lab: Lab,
  mutations: readonly Mutation[],
  onCaught: (caught: Caught) => void = () => {},
): Promise<Caught[]> {
  const all: Caught[] = []
  for (const machine of ['router', 'server'] as const) {
    const own = mutations.filter((mutation) => mutation.machine === machine)
    if (own.length === 0) continue
    const isAlone = machine === 'router' && hasServerFirewall(lab.scenario)
    if (isAlone) await lab.hosts.server.sh(`nft delete table inet ${SERVER_TABLE}`)
    const cells = isAlone ? lab.cells.filter(crossesRouter) : lab.cells
    const wrong = wrongOf(await lab.judge.try(cells))
    if (wrong.length > 0) throw new Error(`Wrong already: ${namesOf(wrong, 9)}`)
    for (const mutation of own) {
      await loadRules(lab.hosts[machine], mutation.text)
      const caught = { mutation, cells: wrongOf(await lab.judge.try(cells, QUICK)) }
      all.push(caught)
      onCaught(caught)
    }
    await loadRules(lab.hosts[machine], lab.rules[machine])
    if (isAlone) await loadRules(lab.hosts.server, lab.rules.server)
  }
  return all
}

function wrongOf(results: readonly CellResult[]): CellResult[] {
  return results.filter(({ cell, verdict }) => verdict !== cell.expected)
}

/** Two machines at one switch are no business of the router. */
function crossesRouter({ from, to }: Cell): boolean {
  const atSwitch = (place: Place) => place === 'server' || place === 'lan' || place === 'admin'
  return !(atSwitch(from) && atSwitch(to))
}

/** `vpn>server/tcp/11434/4 and 3 more`. */
export function namesOf(cells: readonly CellResult[], most = 2): string {
  const names = cells.map(({ cell }: { cell: Cell }) => cell.id)
  const more = names.length - most
  return `${names.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
