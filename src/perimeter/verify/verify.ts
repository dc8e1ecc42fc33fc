import { contains, networkOf } from '../file/network.ts'
import type { Perimeter } from '../file/schema.ts'
import type { Cell } from '../policy/cell.ts'
import { cellsOf } from '../policy/cells.ts'
import { vpnOf } from '../policy/layout.ts'
import { judgeOutcome } from './judge-outcome.ts'
import type { VerifyPlace } from './place.ts'
import { type KnownHosts, targetOf } from './targets.ts'
import { ask, resolveName, sourceFor } from './try-cell.ts'
import type { VerifiedCell } from './verified-cell.ts'

export interface VerifyOptions {
  readonly perimeter: Perimeter
  readonly from: VerifyPlace
  readonly known: KnownHosts
  /** How long an answer is waited for; TCP repeats its first packet after one second. */
  readonly timeoutMs: number
}

/** So many at a time: enough to be quick, few enough not to be taken for an attack. */
const AT_ONCE = 24

/** Tries every cell that begins at this place, with packets that ask and answer only. */
export async function verifyPerimeter(options: VerifyOptions): Promise<VerifiedCell[]> {
  const cells = cellsOf(options.perimeter).filter((cell) => beginsAt(options.from, cell))
  const results: VerifiedCell[] = []
  const resolve = askedOnce(resolveName)
  const queue = cells.entries()
  const worker = async () => {
    for (const [index, cell] of queue)
      results[index] = { cell, ...(await verifyCell(cell, options, resolve)) }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

/** An admin is a machine of the LAN that may do more with the server. */
function beginsAt(place: VerifyPlace, { from, to }: Cell): boolean {
  if (from === to) return false
  return from === place || (place === 'admin' && from === 'lan' && to !== 'server')
}

async function verifyCell(
  cell: Cell,
  options: VerifyOptions,
  resolve: typeof resolveName,
): Promise<Omit<VerifiedCell, 'cell'>> {
  const { perimeter, known, timeoutMs } = options
  const unknown = (evidence: string) => ({ verdict: 'unknown', evidence }) as const
  const { port, protocol, family, to } = cell
  if (
    protocol === 'udp' &&
    to === 'router' &&
    port === perimeter.wireguard?.port &&
    cell.expected === 'allowed'
  )
    return unknown('WireGuard answers nobody without a key; a handshake of a peer proves it')
  const target = targetOf(cell, perimeter, known)
  if ('unknown' in target) return unknown(target.unknown)
  const address = await resolve(target.address, family)
  if (address === undefined) return unknown(`${target.address} has no address of IPv${family}`)
  const source = await sourceFor(address, family)
  if (source === undefined) return unknown(`${address}: this computer knows no way there`)
  if (options.from === 'vpn' && !isInVpn(source, perimeter))
    return unknown(`${address}: this computer sends it past the tunnel, so the router is not asked`)
  const isHttp = to === 'server' && port === perimeter.server.port && protocol === 'tcp'
  const outcome = await ask({ protocol, address, port, family, isHttp, timeoutMs })
  return judgeOutcome(cell, address, outcome, perimeter.router)
}

function isInVpn(address: string, perimeter: Perimeter): boolean {
  const vpn = vpnOf(perimeter)
  return [vpn?.address, vpn?.address6].some(
    (cidr) => cidr !== undefined && contains(networkOf(cidr), address),
  )
}

/** A name server that does not answer is waited for once, not once for each cell. */
function askedOnce(resolve: typeof resolveName): typeof resolveName {
  const known = new Map<string, ReturnType<typeof resolveName>>()
  return (host, family) => {
    const key = `${family} ${host}`
    const answer = known.get(key) ?? resolve(host, family)
    known.set(key, answer)
    return answer
  }
}
