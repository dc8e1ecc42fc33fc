import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { peerConf } from '../../../src/perimeter/peers/peer-conf.ts'
import { write } from '../../support/perimeter-lab/install.ts'
import { startLab } from '../../support/perimeter-lab/lab.ts'
import { ADDRESSES, scenarioNamed } from '../../support/perimeter-lab/lab-perimeter.ts'
import { whyNoLab } from '../../support/perimeter-lab/world.ts'

const why = whyNoLab()
if (why !== undefined) console.warn(`SKIPPED: NO CONFIGURATION OF A PEER IS USED, because ${why}.`)

const SOVEREIGN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

describe.skipIf(why !== undefined)('the configuration that a peer is handed', () => {
  test('reaches the server by both families, and sends nothing else through the VPN', {
    timeout: 60_000,
  }, async () => {
    const lab = await startLab(scenarioNamed('vlan'), onTestFinished)
    const { hosts, keys, perimeter } = lab
    const [peer] = perimeter.peers
    const { wireguard } = perimeter
    if (peer === undefined || wireguard === undefined) throw new Error('The lab has no VPN.')
    const conf = peerConf(perimeter, wireguard, peer, {
      privateKey: keys.client.privateKey,
      routerKey: keys.router,
    })
    const { client } = hosts
    await write(client, '/run/sovereign.conf', conf, 0o600)
    await client.sh(`
      ip link delete wg0
      ip route add default via ${ADDRESSES.backbone[4]}
      wg-quick up /run/sovereign.conf`)

    const toServer = lab.cells.filter(({ id }) => /^vpn>server\/tcp\/11434\//.test(id))
    expect(toServer).toHaveLength(2)
    const results = await lab.judge.try(toServer)
    expect(results.map(({ verdict }) => verdict)).toEqual(['allowed', 'allowed'])
    expect(
      await client.sh(`ip route get ${ADDRESSES.internet[4]}; ip route get ${ADDRESSES.lan[4]}`),
    ).not.toContain('sovereign')

    await write(client, '/run/perimeter.json', JSON.stringify(perimeter), 0o600)
    const { code, stdout } = await client.run([
      'env',
      'SOVEREIGN_PERIMETER_DIR=/run/verified',
      process.execPath,
      SOVEREIGN,
      ...['perimeter', 'verify', '--file', '/run/perimeter.json', '--verbose'],
    ])
    expect(stdout).toContain('From here, the VPN client:')
    expect(stdout).toMatch(/✓ vpn>server\/tcp\/11434\/4 +allowed +\S+: connected, "HTTP\/1\.1 200 OK"/)
    expect(stdout).toMatch(/\? vpn>lan\/tcp\/22\/4 +unknown .*past the tunnel/)
    expect(code).toBe(0)
  })
})
