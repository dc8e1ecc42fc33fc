import { basename, join, resolve } from 'node:path'
import { Command } from 'commander'
import { drawQr } from '../draw-qr.ts'
import { ownName } from '../own-name.ts'
import {
  type PerimeterFileOption,
  peersFolder,
  perimeterOf,
  perimeterPath,
  withPerimeterFile,
} from '../perimeter-file.ts'
import { peersText } from '../perimeter-text.ts'

/** IFNAMSIZ of Linux; wg-quick and NetworkManager refuse longer names. */
const LONGEST_TUNNEL = 15

interface AddOptions extends PerimeterFileOption {
  readonly routerKey?: string
  readonly out?: string
  readonly qr?: boolean
}

/** `sovereign perimeter peers …`: who may use the VPN. A private key leaves this computer only by its file or code. */
export function perimeterPeersCommand(): Command {
  const command = new Command('peers').description('who may use the VPN')
  withPerimeterFile(command.command('add'))
    .argument('<name>', 'such as work-laptop')
    .option('--router-key <key>', 'public key of the router, where the file does not have it yet')
    .option('--out <file>', 'where the configuration goes, instead of a folder of its own')
    .option('--qr', 'show it as a QR code as well, for a phone')
    .description('make keys and a configuration for a peer')
    .action(add)
  withPerimeterFile(command.command('list'))
    .option('--json', 'for machines')
    .description('show the peers, and those of the past')
    .action(list)
  withPerimeterFile(command.command('revoke'))
    .argument('<name>')
    .description('take a peer out of the VPN')
    .action(revoke)
  return command
}

async function add(name: string, options: AddOptions): Promise<void> {
  // Before anything is made: a peer cannot be added twice for the sake of its picture.
  if (options.qr === true) await drawQr('a first try')
  const { addPeer } = await import('../../perimeter/peers/change-peers.ts')
  const confPath = options.out === undefined ? join(peersFolder(), `${name}.conf`) : resolve(options.out)
  const wish = { name, confPath, routerKey: options.routerKey }
  const { conf, peer } = await addPeer(perimeterPath(options), wish, { now: Date.now() })
  console.log(`Peer ${peer.name} has ${peer.address}. Its configuration, with its private key: ${confPath}`)
  if (options.qr === true) console.log(await drawQr(conf))
  console.log(
    `Move it to that device and import it into WireGuard there. It counts after: ${ownName()} perimeter apply`,
  )
  if (basename(confPath, '.conf').length > LONGEST_TUNNEL)
    console.log(
      `On Linux a tunnel is called like its file, with at most ${LONGEST_TUNNEL} characters before ".conf": give it a shorter name there.`,
    )
}

async function list(options: PerimeterFileOption & { readonly json?: boolean }): Promise<void> {
  const { peers, revoked } = await perimeterOf(options)
  console.log(options.json === true ? JSON.stringify({ peers, revoked }) : peersText(peers, revoked))
}

async function revoke(name: string, options: PerimeterFileOption): Promise<void> {
  const { revokePeer } = await import('../../perimeter/peers/change-peers.ts')
  const peer = await revokePeer(perimeterPath(options), name, { now: Date.now(), confFolder: peersFolder() })
  console.log(
    `Revoked ${peer.name} (${peer.address}). The router keeps it out after: ${ownName()} perimeter apply`,
  )
}
