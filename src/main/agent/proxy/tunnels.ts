import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { splice } from '../../../node/splice.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import { exchangeFailure } from './failure.ts'
import type { ReadRequest } from './plain/request.ts'
import type { ProxyLimits } from './proxy-options.ts'
import { Takeover } from './takeover.ts'
import { parseConnectTarget } from './target.ts'

/** CONNECT: bytes to a host and back (RFC 9110 §9.3.6). */
export class Tunnels extends Takeover {
  protected readonly what = 'a tunnel'

  /** @param head what the client sent after its request already. */
  open(request: ReadRequest, client: Socket, head: Buffer): Promise<void> {
    return this.whileThere(request, client, async (signal) => {
      const stream = await this.connect(request, signal)
      if (client.destroyed) stream.destroy()
      // No Content-Length and no Transfer-Encoding: what follows is the tunnel.
      else join(client, stream, 'HTTP/1.1 200 Connection Established\r\n\r\n', head, this.limits)
    })
  }

  private async connect(request: ReadRequest, signal: AbortSignal): Promise<Duplex> {
    const { hasBody } = this.gate.admit(request)
    if (hasBody) throw new AppError('proxy.bad-request', 'CONNECT has no body, and this one announces one.')
    const target = parseConnectTarget(request.url ?? '')
    this.gate.admitConnect(target)
    const egress = this.gate.wayTo(target)
    try {
      return await egress.connect(target, signal)
    } catch (error) {
      throw exchangeFailure(error, target.host)
    }
  }
}

/**
 * Connects both sides until they are closed, or silent for too long.
 *
 * @param greeting for the client, before all else. @param head for the host, before all else.
 */
export function join(
  client: Socket,
  host: Duplex,
  greeting: string,
  head: Buffer,
  { silenceMs, lingerMs }: Pick<ProxyLimits, 'silenceMs' | 'lingerMs'>,
): void {
  client.write(greeting, 'latin1')
  if (head.length > 0) host.write(head)
  // All that crosses the tunnel crosses this socket.
  client.setTimeout(silenceMs, () => client.destroy(new Error('The tunnel was silent for too long.')))
  const lingerOnly = (): void => void client.setTimeout(Math.min(silenceMs, lingerMs))
  if (client.readableEnded) lingerOnly()
  else client.on('end', lingerOnly)
  host.on('end', lingerOnly)
  void splice(client, host)
}
