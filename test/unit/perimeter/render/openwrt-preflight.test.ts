import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { uciBatch } from '../../../../src/perimeter/render/openwrt/batch.ts'
import { preflightScript } from '../../../../src/perimeter/render/openwrt/preflight.ts'
import { makePerimeter } from '../../../support/make-perimeter.ts'
import { defaultConfigs } from '../../../support/openwrt/default-configs.ts'
import { parseUciBatch, runUciBatch, type UciConfigs } from '../../../support/openwrt/parse-uci.ts'

const server = {
  address: '192.168.251.20',
  isolation: { kind: 'vlan', id: 20, address: '192.168.251.1/24', ports: ['lan4'] },
}
const perimeter = makePerimeter({
  router: { lan: { address: '192.168.250.1/24' } },
  server,
  wireguard: { endpoint: 'vpn.example.org' },
  peers: [],
})

/** What "uci get" answers for every name that a section and an option go by. */
function answers(configs: UciConfigs): string {
  return [...configs]
    .flatMap(([config, sections]) =>
      sections.flatMap((section) => {
        const index = sections.filter(({ type }) => type === section.type).indexOf(section)
        return [section.name, `@${section.type}[${index}]`].flatMap((name) => [
          `${config}.${name}=${section.type}`,
          ...[...section.options].map(
            ([key, value]) => `${config}.${name}.${key}=${[value].flat().join(' ')}`,
          ),
        ])
      }),
    )
    .join('\n')
}

/** Runs the script where "uci" answers from these files. */
function preflight(change: string, address = '192.168.250.1/24', of = perimeter) {
  const configs = defaultConfigs()
  const refused = runUciBatch(configs, parseUciBatch(change))
  expect(refused).toEqual([])
  const folder = mkdtempSync(join(tmpdir(), 'preflight-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const program = (name: string, script: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o700)
  }
  writeFileSync(join(folder, 'answers'), `${answers(configs)}\n`)
  // -q get NAME
  program(
    'uci',
    `while IFS= read -r line; do case "$line" in "$3="*) echo "\${line#*=}"; exit 0 ;; esac; done < ${folder}/answers; exit 1`,
  )
  program('fw4', 'exit 0')
  program('ip', `echo "    inet ${address} brd 192.168.250.255 scope global br-lan"`)
  writeFileSync(join(folder, 'preflight.sh'), preflightScript(of))
  const { status, stderr } = spawnSync('sh', [join(folder, 'preflight.sh')], {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env.PATH}` },
  })
  return { status, said: stderr.trim() }
}

test('a router as it comes out of the box is as expected, and so is one that has the perimeter', () => {
  expect(preflight('')).toEqual({ status: 0, said: '' })
  const again = uciBatch(perimeter).replaceAll(/^delete .*\n/gm, '')
  expect(preflight(again)).toEqual({ status: 0, said: '' })
})

test.each([
  ["set firewall.@zone[1].input='ACCEPT'", 'the zone wan accepts input: the router is open to the internet'],
  ["set firewall.@zone[1].forward='ACCEPT'", 'the zone wan forwards'],
  ["set firewall.@zone[1].masq='0'", 'the zone wan does not masquerade'],
  ["set firewall.@zone[0].input='REJECT'", 'nobody could manage the router'],
  ["set firewall.@zone[0].name='home'", 'there is no zone lan'],
  ["set firewall.@defaults[0].forward='ACCEPT'", 'the firewall forwards by default'],
  ['delete firewall.@forwarding[0]', 'nothing forwards from lan to wan'],
  [
    "set firewall.x='forwarding'; set firewall.x.src='wan'; set firewall.x.dest='lan'",
    'a forwarding opens lan',
  ],
  [
    "set firewall.x='rule'; set firewall.x.name='Allow-SSH'; set firewall.x.src='wan'; set firewall.x.target='ACCEPT'",
    'the rule Allow-SSH lets the internet in',
  ],
  [
    "set firewall.x='redirect'; set firewall.x.src='wan'; set firewall.x.dest_ip='192.168.250.9'",
    'a port is forwarded from the internet to 192.168.250.9; remove or disable @redirect[0]',
  ],
  ["set network.@device[0].name='br-home'", 'br-lan is not the first device'],
  ["set network.wg0='interface'", "somebody else's interface is called wg0"],
])('%s is refused', (change, words) => {
  const { said, status } = preflight(change)
  expect(said).toContain(words)
  expect(status).toBe(1)
})

test('a rule that is disabled opens nothing', () => {
  const rule =
    "set firewall.x='rule'; set firewall.x.src='wan'; set firewall.x.target='ACCEPT'; set firewall.x.enabled='0'"
  expect(preflight(rule).status).toBe(0)
})

test('a LAN with another address is not that of the file', () => {
  expect(preflight('', '192.168.1.1/24').said).toBe(
    'sovereign: the address of br-lan is not 192.168.250.1/24',
  )
})

test('a port with settings of its own would lose them', () => {
  const isolation = { kind: 'port', port: 'lan4', others: ['lan1', 'lan2'] }
  const apart = makePerimeter({
    router: { lan: { address: '192.168.250.1/24' } },
    server: { address: '192.168.250.20', isolation },
    wireguard: { endpoint: 'vpn.example.org' },
    peers: [],
    admins: [],
  })
  const own = "set network.x='device'; set network.x.name='lan2'; set network.x.macaddr='00:11:22:33:44:55'"
  expect(preflight(own, undefined, apart).said).toContain('the port lan2 has settings of its own')
  const again = uciBatch(apart).replaceAll(/^delete .*\n/gm, '')
  expect(preflight(again, undefined, apart)).toEqual({ status: 0, said: '' })
  expect(preflight(own).status).toBe(0)
})

test('a machine that runs something else is told from a router that lacks something', () => {
  const folder = mkdtempSync(join(tmpdir(), 'preflight-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'preflight.sh'), preflightScript(perimeter))
  const { status, stderr } = spawnSync('/bin/sh', [join(folder, 'preflight.sh')], {
    encoding: 'utf8',
    env: { PATH: folder },
  })
  expect([status, stderr]).toEqual([
    1,
    'sovereign: this machine does not run OpenWrt; "router.system" in the perimeter file is to be another\n',
  ])
})
