import { describe, expect, onTestFinished, test } from 'vitest'
import type { Cell } from '../../../src/perimeter/policy/cell.ts'
import { renderLinuxRouter } from '../../../src/perimeter/render/linux/linux-router.ts'
import type { Probe } from '../../support/perimeter-lab/agent-protocol.ts'
import { bootSteps, losePower } from '../../support/perimeter-lab/boot.ts'
import { install, loadRules } from '../../support/perimeter-lab/install.ts'
import { QUICK } from '../../support/perimeter-lab/judge.ts'
import { type Lab, startLab } from '../../support/perimeter-lab/lab.ts'
import { ADDRESSES, scenarioNamed } from '../../support/perimeter-lab/lab-perimeter.ts'
import { ISP_START } from '../../support/perimeter-lab/topology.ts'
import { lastHandshake } from '../../support/perimeter-lab/vpn-client.ts'
import { type Host, whyNoLab } from '../../support/perimeter-lab/world.ts'

const why = whyNoLab()
if (why !== undefined) console.warn(`SKIPPED: NO PEER IS REVOKED AND NO ROUTER STARTS ANEW, because ${why}.`)

/** With SSH, so that there is a service which keeps a connection open. */
const start = () => startLab(scenarioNamed('vlan, SSH and no internet'), onTestFinished)
const server = ADDRESSES.serverVlan
/** Far longer than WireGuard waits before it tries with new keys (15 s), shorter than a connection gives up. */
const RECOVERY_MS = 60_000

const say = (host: Host, line: string, timeoutMs: number, name = 'ssh') =>
  host.talk({ name, address: server[4], port: 22, line: `${line}\n`, timeoutMs })

const wrongOnes = async (lab: Lab, cells: readonly Cell[] = lab.cells) =>
  (await lab.judge.try(cells)).filter(({ cell, verdict }) => verdict !== cell.expected)

/** Gives a machine addresses that are not its own. */
async function take(host: Host, device: string, addresses: readonly string[]): Promise<void> {
  for (const address of addresses)
    await host.sh(`ip address add ${address} dev ${device} ${address.includes(':') ? 'nodad' : ''}`)
}

/** Those of the addresses with which a machine gets a packet past the rules of the server. */
async function arrivedFrom(lab: Lab, host: Host, addresses: readonly string[]): Promise<string[]> {
  await lab.hosts.server.sh('nft flush set inet lab_sniffer seen_tcp')
  const probes = addresses.map(
    (localAddress, index): Probe => ({
      protocol: 'tcp',
      address: server[localAddress.includes(':') ? 6 : 4],
      port: 22,
      localAddress,
      localPort: 50_000 + index,
      token: `token-${index}`,
      http: false,
      timeoutMs: 1_000,
    }),
  )
  await host.probe(probes)
  const seen = await lab.hosts.server.sh('nft list set inet lab_sniffer seen_tcp')
  return addresses.filter((_, index) => seen.includes(`${probes[index]?.localPort} . 22`))
}

describe.skipIf(why !== undefined)('a perimeter with a VPN', () => {
  test('a revoked peer is out at once, also with the connection that it had', {
    timeout: 120_000,
  }, async () => {
    const lab = await start()
    const { client, peer, router } = lab.hosts
    expect(await say(peer, 'before', 8_000)).toBe(true)
    expect(await say(client, 'before', 8_000)).toBe(true)

    const handshakeOf = async (key: string) =>
      (await router.sh('wg show wg0 latest-handshakes')).split('\n').find((line) => line.startsWith(key))
    const session = await handshakeOf(lab.keys.client.publicKey)
    expect(session).not.toMatch(/\t0$/)
    const without = { ...lab.perimeter, peers: lab.perimeter.peers.filter(({ name }) => name !== 'other') }
    await install(router, renderLinuxRouter(without))
    expect(await handshakeOf(lab.keys.client.publicKey)).toBe(session)
    expect(await router.sh('wg show wg0 peers')).not.toContain(lab.keys.peer.publicKey)

    // The other one goes on with the connection that it had.
    expect(await say(client, 'after', RECOVERY_MS)).toBe(true)
    expect(await say(peer, 'after', 2_000)).toBe(false)
    // Nor does it get in anew.
    const last = await lastHandshake(peer)
    await peer.sh(`
      wg set wg0 peer ${lab.keys.router} remove
      wg set wg0 peer ${lab.keys.router} endpoint ${ADDRESSES.ispOutside[4]}:51820 allowed-ips 0.0.0.0/0,::/0`)
    const again = lab.cells
      .filter(({ from, to }) => from === 'peer' && to === 'server')
      .map((cell): Cell => ({ ...cell, expected: 'denied' }))
    expect(again.length).toBeGreaterThan(0)
    expect(await wrongOnes(lab, again)).toEqual([])
    expect(last).toBeGreaterThan(0)
    expect(await lastHandshake(peer)).toBe(0)
  })

  test('a peer cannot send with the address of another one, nor with that of an admin', {
    timeout: 60_000,
  }, async () => {
    const lab = await start()
    const { peer, router } = lab.hosts
    const stolen = [ADDRESSES.client[4], ADDRESSES.client[6], ADDRESSES.admin[4], ADDRESSES.lan[6]]
    await take(peer, 'wg0', stolen)

    expect(await arrivedFrom(lab, peer, [ADDRESSES.peer[4], ADDRESSES.peer[6]])).toHaveLength(2)
    expect(await arrivedFrom(lab, peer, stolen)).toEqual([])
    // The attack is a real one: it gets through as soon as the router no longer ties a peer to its own address.
    await router.sh(`wg set wg0 peer ${lab.keys.peer.publicKey} allowed-ips 0.0.0.0/0,::/0
      wg set wg0 peer ${lab.keys.client.publicKey} remove`)
    expect(await arrivedFrom(lab, peer, stolen)).toEqual(stolen)
  })

  test('nobody in the network of the ISP passes for an admin or a peer', { timeout: 60_000 }, async () => {
    const lab = await start()
    const { neighbour, router } = lab.hosts
    const stolen = [ADDRESSES.admin[4], ADDRESSES.client[4], ADDRESSES.client[6]]
    await take(neighbour, 'eth0', stolen)

    expect(await arrivedFrom(lab, neighbour, stolen)).toEqual([])
    // And again a real one: only the interface that a packet came in by gives it away.
    const gullible = lab.rules.router.replaceAll(
      /iifname "(?:lan0|wg0)" (.*comment "(?:admin|vpn)-to-server)/g,
      '$1',
    )
    expect(gullible).not.toBe(lab.rules.router)
    await loadRules(router, gullible)
    expect(await arrivedFrom(lab, neighbour, stolen)).toEqual(stolen)
  })

  test('a client that changes its address and port keeps its connection', { timeout: 60_000 }, async () => {
    const lab = await start()
    const { client, router } = lab.hosts
    expect(await say(client, 'at home', 8_000)).toBe(true)
    const elsewhere = '203.0.113.121'
    await client.sh(`
      ip address flush dev eth0
      ip address add ${elsewhere}/24 dev eth0
      wg set wg0 listen-port 41414`)
    expect(await say(client, 'on the way', RECOVERY_MS)).toBe(true)
    expect(await router.sh('wg show wg0 endpoints')).toContain(`${elsewhere}:41414`)
    // And once more, only by the port, as a NAT on the way does it.
    await client.sh('wg set wg0 listen-port 42424')
    expect(await say(client, 'behind a NAT', RECOVERY_MS)).toBe(true)
    expect(await router.sh('wg show wg0 endpoints')).toContain(`${elsewhere}:42424`)
  })

  test('the server is reached again after the router of the ISP has started anew', {
    timeout: 120_000,
  }, async () => {
    const lab = await start()
    const { client, isp } = lab.hosts
    expect(await say(client, 'before', 8_000)).toBe(true)
    await isp.sh(
      'ip link set pub down; nft flush ruleset; conntrack -F 2>/dev/null; sysctl -q -w net.ipv4.ip_forward=0',
    )
    expect(await say(client, 'meanwhile', 1_000)).toBe(false)
    await isp.sh(`
      ${ISP_START}
      ip link set pub up
      ip -6 address replace ${ADDRESSES.ispOutside[6]}/64 dev pub nodad
      ip route replace ${ADDRESSES.internet[4]}/32 via ${ADDRESSES.backbone[4]}
      ip -6 route replace ${ADDRESSES.internet[6]}/128 via ${ADDRESSES.backbone[6]}
      sysctl -q -w net.ipv4.ip_forward=1`)
    expect(await say(client, 'after', RECOVERY_MS)).toBe(true)
    expect(await wrongOnes(lab)).toEqual([])
  })

  test.each(['vlan, SSH and no internet', 'port', 'host'])(
    'a restart of the router restores the policy and opens nothing on the way: %s',
    { timeout: 180_000 },
    async (name) => {
      const lab = await startLab(scenarioNamed(name), onTestFinished)
      const { router } = lab.hosts
      const steps = await bootSteps(lab)
      expect(steps.map(({ what }) => what)).toContain('network')
      await losePower(lab)
      const shut = lab.cells.filter(({ expected }) => expected === 'denied')
      const isOpen = async (when: string) =>
        (await lab.judge.try(shut, QUICK))
          .filter(({ cell, verdict }) => verdict !== cell.expected)
          .map(({ cell, evidence }) => `${when}: ${cell.id} ${evidence}`)
      expect(await isOpen('without power')).toEqual([])
      for (const { what, script } of steps) {
        await router.sh(script)
        expect(await isOpen(`after "${script.trim()}" of ${what}`)).toEqual([])
      }
      // Clients notice by themselves that their keys are no longer known, once they have something to send.
      const toServer = lab.cells.filter(
        ({ from, to, expected }) =>
          (from === 'vpn' || from === 'peer') && to === 'server' && expected === 'allowed',
      )
      expect(toServer.length).toBeGreaterThan(0)
      const back = await lab.judge.try(toServer, { ...QUICK, allowedMs: RECOVERY_MS })
      expect(back.filter(({ verdict }) => verdict !== 'allowed')).toEqual([])
      expect(await wrongOnes(lab)).toEqual([])
    },
  )
})
