import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { type ClientList, clientNameSchema, type NewToken } from '../../shared/protocol/clients.ts'
import type { ClientIdentity, Route } from '../server/route.ts'
import { type ClientAdministration, clientRoutes } from './client-routes.ts'
import { type ClientsState, readClients, type StoredClient, writeClients } from './clients-file.ts'
import { ADMIN_PREFIX, CLIENT_PREFIX, hashToken, makeToken, sameHash, tokensFrom } from './tokens.ts'

export interface ClientsOptions {
  /** Folder of clients.json; created when missing. */
  readonly dir: string
  readonly ambient: Ambient
  readonly log: Logger
  /** What else is kept under the name of a client goes with it. */
  readonly onRevoked?: (name: string) => Promise<void>
}

/** Who may use the relay. Owns clients.json, where only hashes of tokens are kept. */
export interface Clients {
  /** Whether client routes ask for a token. */
  readonly required: boolean
  /**
   * The client that the headers belong to. `required`: a token is needed and none came. `unknown-token`: one
   * came that is not, or no longer, valid. While tokens are not required, made-up API keys, which many clients
   * insist on sending, count as no token. Without a token the name in a client certificate counts: one of a
   * registered client as its token would, any other only where tokens are not required.
   */
  identify(
    headers: IncomingHttpHeaders,
    certificateName?: string,
  ): ClientIdentity | 'required' | 'unknown-token'
  isAdmin(headers: IncomingHttpHeaders): boolean
  /** Of those that have a token. */
  names(): readonly string[]
  /** Admin routes below `/admin`: list, add, revoke, require, admin token. They throw AppError. */
  routes(): Route[]
  /** Writes what is left to write. Idempotent. */
  close(): Promise<void>
}

const UNKNOWN: ClientIdentity = { name: 'unknown' }
/** Every one is compared with on each request, and is a label in the metrics. */
const CLIENTS_MAX = 200
/** "Last used" may be this old on disk; a crash loses no more of it. */
const LAST_USED_FLUSH_MS = 60_000

/** @throws AppError `clients.file-unusable`: without the list nobody can be told apart, so the relay stops. */
export async function openClients(options: ClientsOptions): Promise<Clients> {
  const path = join(options.dir, 'clients.json')
  return new ClientRegistry(path, options, await readClients(path))
}

class ClientRegistry implements Clients, ClientAdministration {
  private readonly path: string
  private readonly ambient: Ambient
  private readonly log: Logger
  private readonly onRevoked: (name: string) => Promise<void>
  private state: ClientsState
  private hashes: { readonly name: string; readonly hash: Buffer }[] = []
  private readonly lastUsed = new Map<string, number>()
  private lastUsedTimer: NodeJS.Timeout | undefined
  /** Changes are made one after the other; each sees the one before. */
  private queue: Promise<unknown> = Promise.resolve()
  private closed = false

  constructor(path: string, options: ClientsOptions, state: ClientsState) {
    this.path = path
    this.ambient = options.ambient
    this.log = options.log
    this.onRevoked = options.onRevoked ?? (() => Promise.resolve())
    this.state = state
    this.index()
  }

  get required(): boolean {
    return this.state.required
  }

  identify(
    headers: IncomingHttpHeaders,
    certificateName?: string,
  ): ClientIdentity | 'required' | 'unknown-token' {
    const tokens = tokensFrom(headers)
    for (const token of tokens) {
      const name = token.startsWith(CLIENT_PREFIX) ? this.nameOf(token) : undefined
      if (name !== undefined) {
        this.touch(name)
        return { name }
      }
    }
    if (tokens.some((token) => token.startsWith(CLIENT_PREFIX))) return 'unknown-token'
    const known = this.state.clients.find(({ name }) => name === certificateName)
    if (known !== undefined) {
      this.touch(known.name)
      return { name: known.name }
    }
    if (!this.state.required) return certificateName === undefined ? UNKNOWN : { name: certificateName }
    return tokens.length === 0 ? 'required' : 'unknown-token'
  }

  isAdmin(headers: IncomingHttpHeaders): boolean {
    const stored = this.state.adminSha256
    if (stored === null) return false
    const hash = Buffer.from(stored, 'hex')
    return tokensFrom(headers).some(
      (token) => token.startsWith(ADMIN_PREFIX) && sameHash(hashToken(token), hash),
    )
  }

  names(): readonly string[] {
    return this.state.clients.map(({ name }) => name)
  }

  routes(): Route[] {
    return clientRoutes(this)
  }

  list(): ClientList {
    return {
      required: this.state.required,
      adminToken: this.state.adminSha256 !== null,
      clients: this.withLastUsed(this.state).clients.map(({ name, createdAt, lastUsedAt }) => ({
        name,
        createdAt,
        lastUsedAt,
      })),
    }
  }

  async add(name: string): Promise<NewToken> {
    if (!clientNameSchema.safeParse(name).success) {
      throw new AppError('clients.name-invalid', `"${name.slice(0, 80)}" cannot be the name of a client.`)
    }
    const token = makeToken(CLIENT_PREFIX)
    await this.change((state) => {
      // Names that differ only in case are too easily mistaken for each other in a table.
      if (state.clients.some((client) => client.name.toLowerCase() === name.toLowerCase())) {
        throw new AppError('clients.name-taken', `There is already a client named ${name}.`)
      }
      if (state.clients.length >= CLIENTS_MAX) {
        throw new AppError('clients.too-many', `There are already ${CLIENTS_MAX} clients.`)
      }
      const createdAt = new Date(this.ambient.now()).toISOString()
      const client: StoredClient = {
        name,
        sha256: hashToken(token).toString('hex'),
        createdAt,
        lastUsedAt: null,
      }
      return { ...state, clients: [...state.clients, client] }
    })
    this.log.info({ client: name }, 'client added')
    return { name, token }
  }

  async revoke(name: string): Promise<void> {
    await this.change((state) => {
      const clients = state.clients.filter((client) => client.name !== name)
      if (clients.length === state.clients.length) {
        throw new AppError('clients.not-found', `There is no client named "${name.slice(0, 80)}".`)
      }
      return { ...state, clients }
    })
    this.lastUsed.delete(name)
    await this.onRevoked(name)
    this.log.info({ client: name }, 'client revoked')
  }

  async setRequired(required: boolean): Promise<void> {
    await this.change((state) => ({ ...state, required }))
    this.log.info({ required }, 'client tokens required')
  }

  async makeAdminToken(): Promise<NewToken> {
    const token = makeToken(ADMIN_PREFIX)
    await this.change((state) => ({ ...state, adminSha256: hashToken(token).toString('hex') }))
    this.log.info('admin token made')
    return { name: 'admin', token }
  }

  async dropAdminToken(): Promise<void> {
    await this.change((state) => ({ ...state, adminSha256: null }))
    this.log.info('admin token dropped')
  }

  async close(): Promise<void> {
    this.closed = true
    if (this.lastUsedTimer !== undefined) this.flushLastUsed()
    await this.queue
  }

  /** Takes effect only once it is on disk, so that a revoked token cannot come back with a restart. */
  private change(edit: (state: ClientsState) => ClientsState): Promise<void> {
    const done = this.queue.then(async () => {
      const next = this.withLastUsed(edit(this.state))
      await writeClients(this.path, next)
      this.state = next
      this.index()
    })
    this.queue = done.catch(() => undefined)
    return done
  }

  private index(): void {
    this.hashes = this.state.clients.map(({ name, sha256 }) => ({ name, hash: Buffer.from(sha256, 'hex') }))
  }

  private nameOf(token: string): string | undefined {
    const hash = hashToken(token)
    let found: string | undefined
    // No early exit: the time must not tell how far down the list the client stands.
    for (const client of this.hashes) if (sameHash(client.hash, hash)) found = client.name
    return found
  }

  private touch(name: string): void {
    this.lastUsed.set(name, this.ambient.now())
    if (this.lastUsedTimer !== undefined || this.closed) return
    this.lastUsedTimer = setTimeout(() => this.flushLastUsed(), LAST_USED_FLUSH_MS)
    this.lastUsedTimer.unref()
  }

  private flushLastUsed(): void {
    clearTimeout(this.lastUsedTimer)
    this.lastUsedTimer = undefined
    this.change((state) => state).catch((error: unknown) => {
      this.log.warn({ err: error }, 'time of last use could not be saved')
    })
  }

  private withLastUsed(state: ClientsState): ClientsState {
    const clients = state.clients.map((client) => {
      const at = this.lastUsed.get(client.name)
      return at === undefined ? client : { ...client, lastUsedAt: new Date(at).toISOString() }
    })
    return { ...state, clients }
  }
}
