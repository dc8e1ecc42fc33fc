import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CallResult } from '../../shared/bridge-api/calls.ts'
import { AppError, toAppError, toFailure } from '../../shared/errors/app-error.ts'
import { duration } from '../../shared/util/amounts.ts'
import type { BridgeCore } from '../bridge/bridge-core.ts'
import { RelayAdmin } from '../bridge/relay-admin.ts'

/** A relay could name any time; longer ones than 24.8 days are none at all to a timer. */
const LONGEST_MS = 3_600_000

/**
 * Waits on a loopback port for the browser to come back from OpenRouter, and hands the code it brings to the
 * relay. A new sign-in takes the place of the one before it.
 */
export class OpenrouterSignIn {
  private readonly core: BridgeCore
  private current: Callback | undefined
  private page = ''

  constructor(core: BridgeCore) {
    this.core = core
  }

  /** @returns the page to open. @throws AppError as the relay answers. */
  async start(): Promise<{ url: string }> {
    const admin = new RelayAdmin(this.core.relay())
    const callback = await Callback.open()
    this.close()
    try {
      const flow = await admin.startOpenrouterSignIn(callback.url)
      callback.closeAfter(Math.min(flow.expires_in * 1000, LONGEST_MS))
      this.close()
      this.current = callback
      this.page = flow.url
      callback.onCode = async (code) => {
        await admin.finishOpenrouterSignIn(flow.flow_id, code)
        this.core.askRelayHealth()
      }
      return { url: flow.url }
    } catch (error) {
      callback.close()
      throw error
    }
  }

  /** @throws AppError why it has failed. */
  state(): CallResult<'openrouterSignIn'> {
    const outcome = this.current?.outcome ?? 'none'
    if (outcome instanceof AppError) throw outcome
    return outcome === 'waiting' ? { kind: outcome, url: this.page } : { kind: outcome }
  }

  /** Whoever agrees from now on finds nobody who waits. Idempotent. */
  close(): void {
    this.current?.close()
    this.current = undefined
  }
}

/** A listener for one visit of a browser, at a path that only whoever started the sign-in knows. */
class Callback {
  readonly url: string
  outcome: 'waiting' | 'done' | AppError = 'waiting'
  /** Rejects with why the code could not be used. */
  onCode: (code: string) => Promise<void> = async () => undefined
  private readonly server: Server
  private readonly path: string
  private timer: NodeJS.Timeout | undefined
  private isUsed = false

  static async open(): Promise<Callback> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Callback(server)
  }

  private constructor(server: Server) {
    this.server = server
    this.path = `/openrouter/${randomBytes(16).toString('base64url')}`
    this.url = `http://localhost:${(server.address() as AddressInfo).port}${this.path}`
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.answer(request, response)
    })
  }

  closeAfter(ms: number): void {
    this.timer = setTimeout(() => this.expire(ms), ms)
    this.timer.unref()
  }

  private expire(ms: number): void {
    if (!this.isUsed)
      this.outcome = new AppError(
        'relay.sign-in-expired',
        `Nobody has agreed at OpenRouter within ${duration(ms)}.`,
        { remedy: 'Start a new sign-in.' },
      )
    this.close()
  }

  /** Idempotent. */
  close(): void {
    clearTimeout(this.timer)
    this.server.close()
    this.server.closeIdleConnections()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url)
    const code = searchParams.get('code')
    if (request.method !== 'GET' || pathname !== this.path || this.isUsed) {
      send(response, 404, 'Not found', 'There is no sign-in at this address.')
      return
    }
    const refusal = searchParams.get('error')
    if (refusal !== null) {
      this.isUsed = true
      // As in RFC 6749, section 4.1.2.1; the words come from outside.
      const words = refusal.replaceAll(/[^\w.-]/g, ' ').slice(0, 100)
      this.end(response, new AppError('relay.openrouter-refused', `OpenRouter gave no key (${words}).`))
      return
    }
    if (code === null || code === '') {
      send(response, 400, 'Not signed in', 'OpenRouter sent no code. Start the sign-in again.')
      return
    }
    this.isUsed = true
    try {
      await this.onCode(code)
      this.outcome = 'done'
      send(response, 200, 'Signed in', 'The relay has its key. You can close this page.')
      this.close()
    } catch (error) {
      this.end(response, toAppError(error))
    }
  }

  private end(response: ServerResponse, error: AppError): void {
    this.outcome = error
    const { message, remedy } = toFailure(error)
    send(response, 502, 'Not signed in', `${message} ${remedy}`)
    this.close()
  }
}

function send(response: ServerResponse, status: number, title: string, text: string): void {
  const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1><p>${escapeHtml(text)}</p></body></html>
`
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page),
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  })
  response.end(page)
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => names[character] ?? character)
}
