import { request as httpRequest, type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { readAnswerHead } from './answer-head.ts'
import { BackToClient } from './back-to-client.ts'
import { asSocket } from './egress-agent.ts'
import { exchangeFailure } from './failure.ts'
import type { RequestHead } from './request-head.ts'
import { Takeover } from './takeover.ts'
import { type HttpTarget, parseHttpTarget } from './target.ts'
import { join } from './tunnels.ts'

/** Requests that change to another protocol, such as WebSocket (RFC 9110 §7.8). */
export class Upgrades extends Takeover {
  protected readonly what = 'an upgrade'

  /** HTTP/2 would be changed to on this connection only, and a body would come before the other protocol. */
  wants({ headers }: IncomingMessage): boolean {
    return (
      !/^\s*h2c?\s*$/i.test(headers.upgrade ?? '') &&
      headers['content-length'] === undefined &&
      headers['transfer-encoding'] === undefined
    )
  }

  open(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    return this.whileThere(request, client, async (signal) => {
      const admitted = this.gate.admit(request)
      const target = parseHttpTarget(request.url ?? '', request.method ?? 'GET')
      const stream = await this.gate.wayTo(target).connect(target, signal)
      stream.on('error', () => undefined)
      client.once('close', () => void stream.destroy())
      if (client.destroyed) stream.destroy()
      else await this.ask(request, admitted, target, { client, stream, head })
    })
  }

  /** The client gets its 101 only once the host has said it. */
  private ask(
    request: IncomingMessage,
    { headers, upgrade = '' }: RequestHead,
    target: HttpTarget,
    { client, stream, head }: { client: Socket; stream: Duplex; head: Buffer },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        stream.destroy()
        reject(exchangeFailure(error, target.host))
      }
      const upstream = httpRequest({
        method: request.method ?? 'GET',
        path: target.path,
        setHost: false,
        maxHeaderSize: this.limits.headMaxBytes,
        headers: ['Host', target.authority, ...headers, 'Connection', 'Upgrade', 'Upgrade', upgrade],
        createConnection: () => asSocket(stream),
      })
      // As in proxy.ts: Node drops those beyond about a thousand.
      upstream.maxHeadersCount = 0
      upstream.on('error', fail)
      const timer = setTimeout(
        () => upstream.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
        this.limits.answerMs,
      )
      upstream.once('close', () => clearTimeout(timer))
      const passOn = (pass: () => void): void => {
        clearTimeout(timer)
        try {
          pass()
          resolve()
        } catch (error) {
          fail(error)
        }
      }
      upstream.on('upgrade', (answer, host: Duplex, hostHead) =>
        passOn(() => {
          const greeting = switchingHead(answer, this.gate.pseudonym)
          if (hostHead.length > 0) host.unshift(hostHead)
          join(client, host, greeting, head, this.limits)
        }),
      )
      upstream.on('response', (answer) => passOn(() => this.passRefusal(request, client, answer)))
      upstream.end()
    })
  }

  /** The host stays with HTTP: what it answers instead is for the client to read. */
  private passRefusal(request: IncomingMessage, client: Socket, answer: IncomingMessage): void {
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    const back = new BackToClient(response, this.gate.pseudonym)
    back.begin(answer.statusCode ?? 502, answer.statusMessage ?? '', answer.rawHeaders)
    response.assignSocket(client)
    response.once('finish', () => client.destroySoon())
    // The response hears of it only where a server has made it.
    client.on('drain', () => answer.resume())
    client.setTimeout(this.limits.silenceMs, () => back.cut())
    client.resume()
    answer.on('data', (bytes: Buffer) => {
      if (!back.body(bytes)) answer.pause()
    })
    answer.on('error', () => back.cut())
    answer.on('end', () => back.end(answer.rawTrailers))
  }
}

function switchingHead(answer: IncomingMessage, pseudonym: string): string {
  const { headers } = readAnswerHead(answer.rawHeaders, pseudonym)
  const lines = [`HTTP/1.1 101 ${answer.statusMessage ?? ''}`]
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`)
  return [...lines, 'Connection: Upgrade', `Upgrade: ${answer.headers.upgrade ?? ''}`, '', ''].join('\r\n')
}
