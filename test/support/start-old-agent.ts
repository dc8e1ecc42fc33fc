import { createInterface } from 'node:readline'
import type { TLSSocket } from 'node:tls'
import { dialAsAgent } from './dial-as-agent.ts'
import { soon } from './soon.ts'
import type { TunnelCerts } from './start-tunnel.ts'

/** A line of the first version. */
export interface OldMessage {
  readonly type: string
  readonly payload: Record<string, unknown>
}

export interface OldAgent {
  readonly socket: TLSSocket
  send(type: string, payload: object): void
  /** The next message of this type about this id. */
  next(type: string, id?: string): Promise<Record<string, unknown>>
  readonly heard: readonly OldMessage[]
}

/** An agent of the first version: no ALPN, no hello, `{type, payload}` in lines. It ends with its test. */
export async function startOldAgent(
  certs: TunnelCerts,
  server: { readonly port: number },
): Promise<OldAgent> {
  const socket = await dialAsAgent(certs, server)
  const heard: OldMessage[] = []
  createInterface({ input: socket })
    .on('line', (line) => heard.push(JSON.parse(line) as OldMessage))
    .on('error', () => undefined)
  const taken = new Set<OldMessage>()
  return {
    socket,
    heard,
    send: (type, payload) => void socket.write(`${JSON.stringify({ type, payload })}\n`),
    next: (type, id) =>
      soon(() => {
        const found = heard.find(
          (message) =>
            message.type === type && !taken.has(message) && (id === undefined || message.payload.id === id),
        )
        if (found === undefined) throw new Error(`no ${type} came, but ${JSON.stringify(heard)}`)
        taken.add(found)
        return found.payload
      }),
  }
}

/** Bytes of a host as they stand in a message. */
export const encoded = (text: string): string => Buffer.from(text).toString('base64')
export const decoded = (value: unknown): string => Buffer.from(String(value), 'base64').toString()
