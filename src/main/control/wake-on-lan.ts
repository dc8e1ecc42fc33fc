import { createSocket } from 'node:dgram'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ControlSettings } from '../../shared/settings/egress.ts'
import type { ControlPlane, ServerAddress } from './control-plane.ts'
import { type Probe, tcpProbe } from './probe.ts'

export type WakeOnLanSettings = Extract<ControlSettings, { readonly kind: 'wake-on-lan' }>

export interface WakeOnLanOptions {
  readonly ambient: Ambient
  readonly server: ServerAddress
  readonly probe?: Probe
  /** Any does: network cards read the payload only. 9 is what most use. */
  readonly packetPort?: number
}

const DISCARD_PORT = 9
/** Datagrams get lost, also on the way into a machine that sleeps. */
const REPEAT_MS = 5_000

/** A machine of one's own network that sleeps; nothing here can put it to sleep again. */
export function wakeOnLanControl(settings: WakeOnLanSettings, options: WakeOnLanOptions): ControlPlane {
  const { ambient, server, probe = tcpProbe, packetPort = DISCARD_PORT } = options
  const packet = magicPacket(settings.mac)
  let wakingSince: number | undefined
  let sentAt = 0
  const send = async () => {
    sentAt = ambient.monotonicMs()
    await broadcast(packet, packetPort, settings.broadcast)
  }
  return {
    kind: 'wake-on-lan',
    price: undefined,
    wake: async (_, signal) => {
      signal.throwIfAborted()
      wakingSince ??= ambient.now()
      await send()
    },
    query: async (signal) => {
      const isUp = await probe(server, signal)
      if (!isUp && wakingSince !== undefined && ambient.monotonicMs() - sentAt >= REPEAT_MS) await send()
      return {
        stage: isUp ? 'running' : wakingSince === undefined ? 'stopped' : 'requested',
        address: isUp ? server : undefined,
        message: isUp ? 'It answers.' : `Nothing answers at port ${server.port} of ${server.host}.`,
        startedAt: undefined,
        stopsAt: undefined,
      }
    },
    kill: async (_, signal) => {
      signal.throwIfAborted()
      wakingSince = undefined
      return { kind: 'left-on' }
    },
    close: async () => undefined,
  }
}

/** Six times 0xFF, then sixteen times the hardware address. @param mac as the settings have checked it. */
export function magicPacket(mac: string): Buffer {
  const address = Buffer.from(mac.replaceAll(/[:-]/g, ''), 'hex')
  return Buffer.concat([Buffer.alloc(6, 0xff), ...new Array<Buffer>(16).fill(address)])
}

async function broadcast(packet: Buffer, port: number, address: string): Promise<void> {
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(() => {
        socket.setBroadcast(true)
        socket.send(packet, port, address, (error) => (error === null ? resolve() : reject(error)))
      })
    })
  } catch (cause) {
    throw new AppError(
      'control.failed',
      `The packet that wakes the server could not be sent to ${address}.`,
      {
        cause,
        remedy: 'Check "broadcast" of the tunnel: it has to be that of the network of the server.',
      },
    )
  } finally {
    socket.close()
  }
}
