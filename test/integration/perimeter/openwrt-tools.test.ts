import { describe, expect, onTestFinished, test } from 'vitest'
import type { Perimeter } from '../../../src/perimeter/file/schema.ts'
import { uciBatch, uciRevert } from '../../../src/perimeter/render/openwrt/batch.ts'
import { makePerimeter } from '../../support/make-perimeter.ts'
import { NO_NAMESPACES } from '../../support/network-namespace.ts'
import { defaultConfigs } from '../../support/openwrt/default-configs.ts'
import { parseUciBatch, runUciBatch, type UciConfigs } from '../../support/openwrt/parse-uci.ts'
import { NO_OPENWRT_TOOLS, RealUci, realFirewall4 } from '../../support/openwrt/real-tools.ts'
import { startLab } from '../../support/perimeter-lab/lab.ts'
import { scenarioNamed } from '../../support/perimeter-lab/lab-perimeter.ts'
import { perimeterVariants } from '../../support/perimeter-variants.ts'

if (NO_OPENWRT_TOOLS !== undefined)
  console.warn(`WHAT IS RENDERED FOR OPENWRT IS NOT TRIED WITH ITS REAL TOOLS: ${NO_OPENWRT_TOOLS}.`)

/** Without the names that anonymous sections get by chance. */
function plain(configs: UciConfigs) {
  return [...configs].map(([config, sections]) => ({
    config,
    sections: sections.map(({ name, options, type }) => ({
      name: /^(?:sovereign_|wg0)/.test(name) ? name : '',
      type,
      options: [...options],
    })),
  }))
}

const openWrt = (perimeter: Perimeter): Perimeter => ({
  ...perimeter,
  router: { ...perimeter.router, system: 'openwrt' },
})

describe.skipIf(NO_OPENWRT_TOOLS !== undefined)('the real uci', () => {
  const { lan } = makePerimeter().router
  const router = { system: 'openwrt', lan: { ...lan, device: 'br-lan' } }
  test.each(perimeterVariants({ router }))(
    '%s: makes of the batch what our parser does',
    (_name, perimeter) => {
      const [uci, ours] = [new RealUci(), defaultConfigs()]
      onTestFinished(() => uci.close())
      const commands = parseUciBatch(uciBatch(perimeter))
      // The first time there is nothing of ours to delete.
      uci.batch(uciBatch(perimeter))
      expect(uci.batch(uciBatch(perimeter))).toBe('')
      runUciBatch(ours, commands)
      expect(plain(uci.configs())).toEqual(plain(ours))
      expect(uci.batch(uciRevert(perimeter))).toBe('')
      expect(plain(uci.configs())).toEqual(plain(defaultConfigs()))
    },
  )
})

const why = NO_OPENWRT_TOOLS ?? NO_NAMESPACES
describe.skipIf(why !== undefined)('the real firewall4, with real packets', () => {
  test.each(['vlan', 'host', 'port', 'vlan, LAN only'])(
    '%s: every cell is as the policy says',
    async (name) => {
      const lab = await startLab(scenarioNamed(name), (close) => onTestFinished(close))
      const configs = defaultConfigs()
      runUciBatch(configs, parseUciBatch(uciBatch(openWrt(lab.perimeter))))
      await lab.hosts.router.sh('nft delete table inet sovereign_router')
      const loaded = await lab.hosts.router.run(
        ['nft', '-f', '-'],
        realFirewall4(configs, openWrt(lab.perimeter)),
      )
      expect(loaded).toMatchObject({ code: 0 })
      const wrong = (await lab.judge.try(lab.cells)).filter(({ cell, verdict }) => verdict !== cell.expected)
      expect(wrong.map(({ cell, evidence }) => `${cell.id}: ${evidence}`)).toEqual([])
    },
  )
})
