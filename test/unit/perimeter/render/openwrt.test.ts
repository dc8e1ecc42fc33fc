import { describe, expect, test } from 'vitest'
import type { Perimeter } from '../../../../src/perimeter/file/schema.ts'
import { cellsOf } from '../../../../src/perimeter/policy/cells.ts'
import { openWrtSections, uciBatch, uciRevert } from '../../../../src/perimeter/render/openwrt/batch.ts'
import { renderOpenWrt } from '../../../../src/perimeter/render/openwrt/openwrt.ts'
import { perimeterValue } from '../../../support/make-perimeter.ts'
import { defaultConfigs } from '../../../support/openwrt/default-configs.ts'
import { evaluateCell } from '../../../support/openwrt/evaluate-fw4.ts'
import { parseUciBatch, runUciBatch, type UciConfigs } from '../../../support/openwrt/parse-uci.ts'
import { perimeterVariants } from '../../../support/perimeter-variants.ts'

const { lan } = perimeterValue().router as { lan: object }
const ROUTER = { router: { system: 'openwrt', lan: { ...lan, device: 'br-lan' } } }
const variants = perimeterVariants(ROUTER)
const withPorts = (perimeter: Perimeter): Perimeter => {
  const { isolation } = perimeter.server
  if (isolation.kind !== 'vlan') return perimeter
  return { ...perimeter, server: { ...perimeter.server, isolation: { ...isolation, ports: ['lan4'] } } }
}

function applied(
  perimeter: Perimeter,
  without?: { readonly config: string; readonly name: string },
): UciConfigs {
  const configs = defaultConfigs()
  const commands = parseUciBatch(uciBatch(perimeter))
  const kept = commands.filter(
    ({ config, section }) => config !== without?.config || section !== without.name,
  )
  runUciBatch(configs, kept)
  return configs
}

/** Cells that the router answers otherwise than the policy does. */
function wrongCells(configs: UciConfigs, perimeter: Perimeter): string[] {
  return cellsOf(perimeter)
    .map((cell) => ({ cell, verdict: evaluateCell(configs, perimeter, cell) }))
    .filter(({ cell, verdict }) => verdict !== undefined && verdict !== cell.expected)
    .map(({ cell, verdict }) => `${cell.id} is ${verdict}`)
}

const asText = (configs: UciConfigs) =>
  JSON.stringify(
    [...configs].map(([name, all]) => [name, all.map((one) => ({ ...one, options: [...one.options] }))]),
  )

describe.each(variants)('%s', (_name, perimeter) => {
  test('every cell of the matrix is answered as the policy says', () => {
    expect(wrongCells(applied(perimeter), perimeter)).toEqual([])
    expect(wrongCells(applied(withPorts(perimeter)), withPorts(perimeter))).toEqual([])
    const decided = cellsOf(perimeter).filter(
      (cell) => evaluateCell(applied(perimeter), perimeter, cell) !== undefined,
    )
    expect(decided.length).toBeGreaterThan(20)
  })

  test.each(openWrtSections(perimeter).map((section) => [section.name, section] as const))(
    'without %s a cell is wrong',
    (_section, section) => {
      expect(wrongCells(applied(perimeter, section), perimeter)).not.toEqual([])
    },
  )

  test('a second time changes nothing, and taking it back leaves what was there before', () => {
    for (const one of [perimeter, withPorts(perimeter)]) {
      const configs = defaultConfigs()
      const before = asText(configs)
      runUciBatch(configs, parseUciBatch(uciBatch(one)))
      const once = asText(configs)
      expect(once).not.toBe(before)
      expect(runUciBatch(configs, parseUciBatch(uciBatch(one)))).toEqual([])
      expect(asText(configs)).toBe(once)
      runUciBatch(configs, parseUciBatch(uciRevert(one)))
      expect(asText(configs)).toBe(before)
    }
  })

  test('nothing but what is not there yet cannot be followed', () => {
    const refused = runUciBatch(defaultConfigs(), parseUciBatch(uciBatch(perimeter)))
    expect(refused.filter(({ verb }) => verb !== 'delete')).toEqual([])
  })
})

const [, full] = variants[0] ?? []
if (full === undefined) throw new Error('There is no variant.')

test('our rules come before those that somebody else made', () => {
  const firewall = applied(full).get('firewall') ?? []
  const rules = firewall
    .filter(({ type }) => type === 'rule')
    .map(({ name }) => name.startsWith('sovereign_'))
  expect(rules.indexOf(false)).toBeGreaterThan(0)
  expect(rules.lastIndexOf(true)).toBeLessThan(rules.indexOf(false))
})

test('ports of the router leave the bridge of the LAN for one of their own', () => {
  const network = applied(withPorts(full)).get('network') ?? []
  const bridges = network.filter(({ type }) => type === 'device').map(({ options }) => options.get('ports'))
  expect(bridges).toEqual([['lan1', 'lan2', 'lan3'], ['lan4']])
})

test('neither the files nor the commands hold a key, and it is put in without standing in a list of processes', () => {
  const rendering = renderOpenWrt(full)
  expect(JSON.stringify(rendering.files)).not.toContain('private_key')
  const put = rendering.activate.flat().filter((word) => word.includes('private_key'))
  expect(put).toEqual([
    expect.stringMatching(/^printf .* "\$\(cat \/etc\/sovereign\/wg0\.key\)" \| uci batch$/),
  ])
})

describe('the grammar', () => {
  test.each([
    ['set firewall.a', 'a value is missing'],
    ["set firewall.a.b='c", 'is not closed'],
    ["put firewall.a='rule'", '"put" is no command'],
    ["set firewall.a-b='rule'", 'names no section'],
    ["add_list firewall.a='x'", 'a list is an option'],
    ["set firewall.a='two words'", 'this is no type'],
    ["set firewall.a='rule' more", 'one word'],
  ])('%s', (line, words) => {
    expect(() => parseUciBatch(line)).toThrow(words)
  })

  test('comments, quotes and several commands in a line', () => {
    expect(parseUciBatch(`# one\nset a.b='c'; set a.b.d="e # f" # g\n\ndelete a.@x[-1]`)).toEqual([
      { verb: 'set', config: 'a', section: 'b', value: 'c' },
      { verb: 'set', config: 'a', section: 'b', option: 'd', value: 'e # f' },
      { verb: 'delete', config: 'a', section: '@x[-1]' },
    ])
  })
})
