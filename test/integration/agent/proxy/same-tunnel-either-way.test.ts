import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DirectEgress } from '../../../../src/main/egress/direct/direct-egress.ts'
import type { Egress } from '../../../../src/main/egress/egress.ts'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'
import { freePort } from '../../../support/free-port.ts'
import { OK, startBytes, startProxy } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import { TUNNEL_CALLS, type TunnelCall } from './odd-tunnels.ts'
import { turns } from './read-answer.ts'

/** Generous; what has not happened by then never will. */
const CEILING_MS = 10_000
/** Ends a tunnel of the manner "cuts". */
const CUT_NOW = 'cut now'

interface Course {
  /** The status, the error code if there is one, and what the tunnel carried to the client. */
  readonly answer: readonly string[]
  /** How the connection of the client ended. */
  readonly end: string
  /** What reached the host, and how its connection ended. */
  readonly host: readonly string[]
}

/** A host of bytes whose manners the test says beforehand. */
async function startTunnelHost() {
  let manner: TunnelCall['manner'] = 'echoes'
  let heard: string[] = []
  const { port, sockets } = await startBytes((socket) => {
    const index = heard.push('') - 1
    const mine = heard
    const cuts = manner === 'cuts'
    if (manner === 'greets') socket.write('220 hello\r\n')
    if (manner === 'ends first') socket.end('bye')
    const echoes = manner === 'echoes' || manner === 'greets'
    socket.on('data', (bytes: Buffer) => {
      mine[index] += bytes.toString('latin1')
      if (echoes) socket.write(bytes)
      if (cuts && mine[index]?.endsWith(CUT_NOW) === true) socket.resetAndDestroy()
    })
    socket.on('end', () => {
      mine[index] += ' [end]'
      if (!socket.writableEnded) socket.end(echoes ? '' : 'answered')
    })
  })
  return {
    port,
    sockets,
    expect(next: TunnelCall['manner']): string[] {
      manner = next
      heard = []
      return heard
    },
  }
}

interface Client {
  readonly socket: Socket
  said(): string
  end(): string
}

function openClient(port: number): Client {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  let said = ''
  let end = ''
  socket
    .on('data', (bytes: Buffer) => {
      said += bytes.toString('latin1')
    })
    .on('end', () => {
      end ||= 'end'
    })
    .on('error', () => {
      end ||= 'reset'
    })
    .on('close', () => {
      end ||= 'close'
    })
  return { socket, said: () => said, end: () => end }
}

/** @param cut where the bytes are divided in two. */
async function say(socket: Socket, text: string, cut: number): Promise<void> {
  const bytes = Buffer.from(text, 'latin1')
  if (cut > 0) {
    socket.write(bytes.subarray(0, cut))
    await turns()
  }
  socket.write(bytes.subarray(cut))
}

async function call(
  port: number,
  { comesSecond, ...tunnel }: TunnelCall,
  cut: number,
): Promise<Client & { from: number }> {
  const client = openClient(port)
  let from = 0
  if (comesSecond) {
    client.socket.write('GET http://web.test/ HTTP/1.1\r\nHost: web.test\r\n\r\n')
    await waitUntil(() => client.said().endsWith('ok'), CEILING_MS, 1)
    from = client.said().length
  }
  await say(client.socket, tunnel.head + tunnel.early, cut)
  const isAnswered = (): boolean => client.said().includes('\r\n\r\n', from) || client.end() !== ''
  await waitUntil(isAnswered, CEILING_MS, 1)
  return { ...client, from }
}

/** What the client makes of it from the answer on. */
async function finish(
  client: Client & { from: number },
  { late, manner }: TunnelCall,
): Promise<Pick<Course, 'answer' | 'end'>> {
  const { socket } = client
  const answer = () => client.said().slice(client.from)
  const isOpen = /^HTTP\/1\.1 200 /.test(answer())
  if (isOpen) {
    for (const piece of manner === 'cuts' ? [...late, CUT_NOW] : late) {
      socket.write(piece, 'latin1')
      await turns()
    }
    if (manner !== 'cuts') socket.end()
  }
  await waitUntil(() => client.end() !== '', CEILING_MS, 1)
  if (client.end() === '') return { answer: [answer()], end: 'stalled' }
  const end = client.end()
  socket.destroy()
  const [head = '', body = ''] = answer().split(/\r\n\r\n([\s\S]*)/)
  if (isOpen) return { answer: [head, body], end }
  const code = /^x-bridge-error: (.*)$/im.exec(head)?.[1] ?? 'none'
  return { answer: [head.split('\r\n')[0] ?? '', code, /^connection: .*$/im.exec(head)?.[0] ?? ''], end }
}

/**
 * A CONNECT whose head comes whole is read by the proxy itself, one that comes in pieces by Node, and what comes right
 * behind it by neither: the tunnel has to be the same however its bytes are divided.
 */
test('a tunnel goes the same however the bytes that ask for it arrive', async () => {
  const host = await startTunnelHost()
  const web = await startBytes((socket) => void socket.on('data', () => socket.write(OK)))
  const closed = await freePort()
  const direct = new DirectEgress({ policy: createAddressPolicy(['127.0.0.0/8']) })
  const places: Record<string, { host: string; port: number }> = {
    'open.test': { host: '127.0.0.1', port: host.port },
    'web.test': { host: '127.0.0.1', port: web.port },
    'closed.test': { host: '127.0.0.1', port: closed },
    'unknown.test': { host: 'no-such-host.invalid', port: 443 },
    'private.test': { host: '10.0.0.1', port: 443 },
  }
  const egress: Egress = {
    name: direct.name,
    connect: (target, signal) => direct.connect(places[target.host] ?? target, signal),
    close: (drainMs) => direct.close(drainMs),
  }
  const { port } = await startProxy({
    egress,
    choose: (name) => (name === 'denied.test' ? 'deny' : egress),
    connectPorts: [443],
    limits: { lingerMs: 3_000, silenceMs: 3_000, restMs: 3_000 },
  })
  async function course(tunnel: TunnelCall, cut: number): Promise<Course> {
    const heard = host.expect(tunnel.manner)
    const client = await call(port, tunnel, cut)
    const told = await finish(client, tunnel)
    await waitUntil(() => host.sockets.every((socket) => socket.closed), CEILING_MS, 1)
    return { ...told, host: heard }
  }

  await fc.assert(
    fc.asyncProperty(TUNNEL_CALLS, fc.double({ min: 0, max: 1, noNaN: true }), async (tunnel, share) => {
      const { length } = tunnel.head
      const whole = await course(tunnel, 0)
      const cuts = [length - 2, length, 1 + Math.floor(share * (length + tunnel.early.length - 2))]
      for (const cut of cuts) expect(await course(tunnel, cut), `cut at ${cut}`).toEqual(whole)
      expect(whole.end).not.toBe('stalled')
    }),
    { numRuns: 400, seed: 7 },
  )
}, 60_000)
