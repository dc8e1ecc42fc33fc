import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { MtlsSettings } from '../../shared/settings/egress.ts'
import { awsControl } from './aws.ts'
import type { ControlPlane, ServerAddress } from './control-plane.ts'
import { processControl } from './process.ts'
import { wakeOnLanControl } from './wake-on-lan.ts'
import { webhookControl } from './webhook.ts'

/** Where a tunnel listens of which only the address is known. */
const TUNNEL_PORT = 8443

/** @returns what the settings name, or `undefined` where the server always runs. */
export function createControl(mtls: MtlsSettings, ambient: Ambient): ControlPlane | undefined {
  const { control } = mtls
  if (control === undefined) return undefined
  const server = mtls.server === undefined ? undefined : parseServer(mtls.server)
  const port = server?.port ?? TUNNEL_PORT
  switch (control.kind) {
    case 'aws':
      return awsControl(control, { ambient, port })
    case 'webhook':
      return webhookControl(control, { ambient, port })
    case 'wake-on-lan':
      return wakeOnLanControl(control, { ambient, server: needed(server) })
    case 'process':
      return processControl(control, { ambient, server: needed(server) })
  }
}

/** Reads `host:port` and `[::1]:port` as the settings have checked it. */
export function parseServer(text: string): ServerAddress {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}

function needed(server: ServerAddress | undefined): ServerAddress {
  if (server !== undefined) return server
  throw new AppError('control.refused', 'The settings do not say where the tunnel server is.', {
    remedy: 'Set "server" of the tunnel.',
  })
}
