import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { REAL_AMBIENT } from '../../node/ambient.ts'
import { createForgetfulLogger } from '../../node/log.ts'
import { logLevelOf } from '../../node/log-level.ts'
import { adminSocketPath } from '../../node/relay-paths.ts'
import type { OfferedOllama, Relay, RelayOptions } from '../relay-contract.ts'
import { createSecureServer } from '../tls/secure-server.ts'
import { listenForAdmin } from './admin-socket.ts'
import { prepareDataFolder } from './data-folder.ts'
import { createHttpServer, type Handle } from './http-server.ts'
import { listenOn, stopListening } from './listen.ts'
import { buildParts, type RelayParts, type RelaySurroundings } from './relay-parts.ts'

const DEFAULT_DRAIN_MS = 10_000

/** Builds the parts, connects them and starts to listen. @throws AppError when the relay cannot start. */
export async function startRunningRelay(
  options: RelayOptions,
  surroundings: RelaySurroundings = {
    ambient: REAL_AMBIENT,
    log: options.log ?? createForgetfulLogger('relay', logLevelOf(options.env) ?? 'info'),
  },
): Promise<Relay> {
  await prepareDataFolder(options.dataDir)
  const parts = await buildParts(options, surroundings)
  const relay = new RunningRelay(options, parts)
  try {
    await relay.listen()
  } catch (error) {
    await relay.close(0)
    throw error
  }
  return relay
}

/** Owns the listeners and everything in {@link RelayParts}. */
class RunningRelay implements Relay {
  readonly adminSocketPath: string
  private readonly options: RelayOptions
  private readonly parts: RelayParts
  /** For whoever comes through the network. */
  private readonly server: Server
  /** For connections that are handed to it. */
  private readonly guestServer: Server
  private readonly adminServer: Server
  private readonly guests = new Set<Duplex>()
  /** Everything that the network brought, also what has not said anything yet. */
  private readonly arrivals = new Set<Duplex>()
  private bound: Relay['address']
  private closing: Promise<void> | undefined
  private isUp = false

  constructor(options: RelayOptions, parts: RelayParts) {
    this.options = options
    this.parts = parts
    this.adminSocketPath = adminSocketPath(options.dataDir)
    const { certificate, dispatcher } = parts
    const handle: Handle = (request, response) => dispatcher.handle(request, response, false)
    this.guestServer = createHttpServer(handle)
    this.server =
      certificate === undefined
        ? createHttpServer(handle)
        : createSecureServer(handle, certificate, parts.log)
    this.server.on('connection', (connection: Duplex) => {
      this.arrivals.add(connection)
      connection.once('close', () => this.arrivals.delete(connection))
    })
    this.adminServer = createHttpServer((request, response) => dispatcher.handle(request, response, true))
  }

  get isEncrypted(): boolean {
    return this.parts.certificate !== undefined
  }

  get address(): Relay['address'] {
    return this.bound
  }

  async listen(): Promise<void> {
    await listenForAdmin(this.adminServer, this.adminSocketPath)
    const { listen } = this.options
    if (listen !== undefined) await this.listenOnNetwork(listen.host, listen.port)
    this.isUp = true
  }

  accept(connection: Duplex): void {
    this.takeOver(connection, this.guestServer)
  }

  acceptAdmin(connection: Duplex): void {
    this.takeOver(connection, this.adminServer)
  }

  offerOllama(ollama: OfferedOllama | undefined): void {
    this.parts.ollama.offer(ollama)
  }

  async renewCertificate(): Promise<void> {
    await this.parts.certificate?.renew()
  }

  close(drainMs = DEFAULT_DRAIN_MS): Promise<void> {
    // Asked a second time, nobody wants to wait any longer.
    if (this.closing !== undefined) this.parts.dispatcher.cut()
    this.closing ??= this.shutDown(drainMs)
    return this.closing
  }

  private async listenOnNetwork(host: string, wantedPort: number): Promise<void> {
    await listenOn(this.server, host, wantedPort)
    const { address, port } = this.server.address() as AddressInfo
    this.bound = { host: address, port }
    this.parts.log.info({ host: address, port, tls: this.isEncrypted }, 'relay is listening')
  }

  private takeOver(connection: Duplex, server: Server): void {
    if (this.closing !== undefined) {
      connection.destroy()
      return
    }
    this.guests.add(connection)
    connection.once('close', () => this.guests.delete(connection))
    connection.on('error', () => undefined)
    server.emit('connection', connection)
  }

  private async shutDown(drainMs: number): Promise<void> {
    const { certificate, dispatcher, usage, clients, upstream, direct } = this.parts
    const stopped = Promise.all([stopListening(this.server), stopListening(this.adminServer)])
    this.server.closeIdleConnections()
    this.adminServer.closeIdleConnections()
    // Node keeps no list of connections that it did not accept itself.
    for (const connection of this.guests) if (!dispatcher.isServing(connection)) connection.end()
    const cut = setTimeout(() => dispatcher.cut(), drainMs)
    await dispatcher.drain()
    clearTimeout(cut)
    this.server.closeAllConnections()
    this.adminServer.closeAllConnections()
    for (const connection of [...this.guests, ...this.arrivals]) connection.destroy()
    certificate?.close()
    await stopped
    usage.close()
    await clients.close()
    await Promise.all([upstream.destroy(), direct.destroy()])
    // A start that failed has its own words.
    if (this.isUp) this.parts.log.info('relay has stopped')
  }
}
