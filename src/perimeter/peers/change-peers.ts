import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/errors/app-error.ts'
import { changePerimeter } from '../file/change-file.ts'
import { type Perimeter, type PerimeterPeer, type PerimeterWireguard, peerNameFlaw } from '../file/schema.ts'
import { writeNewFile } from '../file/write-new-file.ts'
import { vpnOf } from '../policy/layout.ts'
import { freeAddress } from './free-address.ts'
import { type KeyPair, makeKeyPair } from './keys.ts'
import { peerConf } from './peer-conf.ts'

export interface NewPeer {
  readonly name: string
  /** Public key of the router where the file does not know it yet; it is then written there. */
  readonly routerKey?: string | undefined
  /** Where the configuration goes, which holds the private key; never overwritten. */
  readonly confPath: string
}

export interface AddedPeer {
  readonly peer: PerimeterPeer
  /** What was written to the file; hand it to nobody but the peer. */
  readonly conf: string
}

/** Makes keys, finds an address, writes the configuration for its owner alone, and puts the peer into the file. */
export async function addPeer(
  path: string,
  wish: NewPeer,
  { now, makeKeys = makeKeyPair }: { readonly now: number; readonly makeKeys?: () => KeyPair },
): Promise<AddedPeer> {
  let written = false
  try {
    return await changePerimeter(path, async (perimeter) => {
      const { added, vpn } = newPeer(perimeter, wish, now, makeKeys())
      await writeNewFile(wish.confPath, added.conf)
      written = true
      const learnt = wish.routerKey !== undefined && vpn.publicKey !== wish.routerKey
      return {
        edits: [
          { path: ['peers', perimeter.peers.length], value: added.peer, insert: true },
          ...(learnt ? [{ path: ['wireguard', 'publicKey'], value: wish.routerKey }] : []),
        ],
        result: added,
      }
    })
  } catch (error) {
    // A configuration of a peer that there is not would only mislead.
    if (written) await rm(wish.confPath, { force: true })
    throw error
  }
}

function newPeer(
  perimeter: Perimeter,
  { name, routerKey: told }: NewPeer,
  now: number,
  keys: KeyPair,
): { readonly added: AddedPeer; readonly vpn: PerimeterWireguard } {
  const flaw = peerNameFlaw(name)
  if (flaw !== undefined)
    throw new AppError('perimeter.invalid', `No peer can be called ${JSON.stringify(name)}.`, {
      remedy: `${flaw.replace(/^./, (first) => first.toUpperCase())}.`,
    })
  const vpn = vpnOf(perimeter)
  if (vpn === undefined) throw new AppError('perimeter.no-vpn', 'The perimeter has no VPN.')
  if (perimeter.peers.some((peer) => peer.name === name))
    throw new AppError('perimeter.peer-exists', `There is a peer ${JSON.stringify(name)} already.`)
  const routerKey = told ?? vpn.publicKey
  if (routerKey === undefined)
    throw new AppError('perimeter.no-router-key', 'The public key of the router is not known yet.')
  const place = freeAddress(perimeter, vpn, now)
  if (place === undefined)
    throw new AppError(
      'perimeter.no-address',
      `No address of ${vpn.address} is free for ${JSON.stringify(name)}.`,
    )
  const peer = { name, publicKey: keys.publicKey, ...place }
  return {
    added: { peer, conf: peerConf(perimeter, vpn, peer, { privateKey: keys.privateKey, routerKey }) },
    vpn,
  }
}

/** @throws AppError `perimeter.peer-unknown`; the configuration in the folder is deleted where there is one. */
export async function revokePeer(
  path: string,
  name: string,
  { now, confFolder }: { readonly now: number; readonly confFolder: string },
): Promise<PerimeterPeer> {
  const peer = await changePerimeter(path, async ({ peers, revoked }) => {
    const index = peers.findIndex((one) => one.name === name)
    const found = peers[index]
    if (found === undefined) throw unknownPeer(name, revoked.findLast((one) => one.name === name)?.at)
    const at = new Date(now).toISOString().slice(0, 10)
    return {
      edits: [
        { path: ['peers', index], value: undefined },
        { path: ['revoked', revoked.length], value: { ...found, at }, insert: true },
      ],
      result: found,
    }
  })
  await rm(join(confFolder, `${name}.conf`), { force: true })
  return peer
}

function unknownPeer(name: string, revokedAt: string | undefined): AppError {
  const quoted = JSON.stringify(name)
  return new AppError(
    'perimeter.peer-unknown',
    revokedAt === undefined
      ? `There is no peer ${quoted}.`
      : `There is no peer ${quoted} any more: it was revoked on ${revokedAt}.`,
  )
}
