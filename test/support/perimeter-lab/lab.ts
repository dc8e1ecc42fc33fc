import type { Perimeter } from '../../../src/perimeter/file/schema.ts'
import type { Cell } from '../../../src/perimeter/policy/cell.ts'
import { cellsOf } from '../../../src/perimeter/policy/cells.ts'
import { renderLinuxRouter } from '../../../src/perimeter/render/linux/linux-router.ts'
import type { Rendering } from '../../../src/perimeter/render/rendering.ts'
import { renderServer } from '../../../src/perimeter/render/server/server.ts'
import { install } from './install.ts'
import { Judge } from './judge.ts'
import { hasServerFirewall, type Keys, labPerimeter, makeKeys, type Scenario } from './lab-perimeter.ts'
import { rulesFileOf } from './mutations.ts'
import { buildTopology, type Hosts, introduceNeighbours } from './topology.ts'
import { joinVpn } from './vpn-client.ts'
import { startWorld } from './world.ts'

/** A whole perimeter with real packets in it. */
export interface Lab {
  readonly scenario: Scenario
  readonly perimeter: Perimeter
  readonly hosts: Hosts
  readonly cells: readonly Cell[]
  readonly judge: Judge
  readonly renderings: Readonly<Record<'router' | 'server', Rendering>>
  /** What nftables was given, by machine. */
  readonly rules: Readonly<Record<'router' | 'server', string>>
  readonly keys: { readonly client: Keys; readonly peer: Keys; readonly router: string }
  close(): Promise<void>
}

/** What keeps the server apart is not to come between the others; no policy speaks of them. */
const AMONG_THE_LAN = ([4, 6] as const).map(
  (family): Cell => ({
    id: `lan>admin/tcp/22/${family}`,
    from: 'lan',
    to: 'admin',
    protocol: 'tcp',
    port: 22,
    family,
    expected: 'allowed',
    policy: 'LAN to LAN: as before',
  }),
)

/** Builds the machines, puts the rendered policy on the router and the server, and connects the VPN. */
export async function startLab(
  scenario: Scenario,
  teardown?: (close: () => Promise<void>) => void,
): Promise<Lab> {
  const world = await startWorld()
  teardown?.(world.close)
  try {
    const [client, peer] = [makeKeys(), makeKeys()]
    const perimeter = labPerimeter(scenario, { client: client.publicKey, peer: peer.publicKey })
    const cells = [...cellsOf(perimeter), ...AMONG_THE_LAN]
    const hosts = await buildTopology(world, scenario)
    const judge = new Judge(hosts, perimeter)
    await judge.prepare(cells)
    const router = renderLinuxRouter(perimeter)
    await install(hosts.router, router)
    const server = renderServer(perimeter)
    if (hasServerFirewall(scenario)) await install(hosts.server, server)
    await introduceNeighbours(hosts, scenario)
    let key = ''
    if (!perimeter.options.lanOnly) {
      key = (await hosts.router.sh('wg show wg0 public-key')).trim()
      await Promise.all([
        joinVpn(hosts.client, { keys: client, routerKey: key, place: 'client' }),
        joinVpn(hosts.peer, { keys: peer, routerKey: key, place: 'peer' }),
      ])
    }
    return {
      scenario,
      perimeter,
      hosts,
      cells,
      judge,
      renderings: { router, server },
      rules: { router: rulesFileOf(router.files).content, server: rulesFileOf(server.files).content },
      keys: { client, peer, router: key },
      close: world.close,
    }
  } catch (error) {
    await world.close()
    throw error
  }
}
