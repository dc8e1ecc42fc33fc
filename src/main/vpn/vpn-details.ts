import type { RunTool } from '../../node/run-tool.ts'
import type { VpnDetails } from '../../shared/state/vpn.ts'

/**
 * Endpoint and newest handshake, by what each has its own question for: "dump" would bring the private key along.
 * https://www.man7.org/linux/man-pages/man8/wg.8.html
 */
export async function vpnDetails(run: RunTool, wg: string, tunnel: string): Promise<VpnDetails> {
  try {
    const handshakes = columns(await run(wg, ['show', tunnel, 'latest-handshakes']))
    const endpoints = new Map(columns(await run(wg, ['show', tunnel, 'endpoints'])))
    const [newest] = handshakes.toSorted(([, a], [, b]) => Number(b) - Number(a))
    if (newest === undefined) return { kind: 'known', endpoint: undefined, handshakeAt: undefined }
    const [peer, seconds] = newest
    const endpoint = endpoints.get(peer)
    return {
      kind: 'known',
      endpoint: endpoint === '(none)' ? undefined : endpoint,
      handshakeAt: Number(seconds) > 0 ? Number(seconds) * 1000 : undefined,
    }
  } catch {
    // Needs a right that this user may not have, and is not needed for anything else.
    return { kind: 'hidden' }
  }
}

function columns(text: string): (readonly [string, string])[] {
  return text
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([peer, value]) => (peer && value !== undefined ? [[peer, value] as const] : []))
}
