import type { TLSSocket } from 'node:tls'
import { FLAG, FRAME, PREFACE } from '../../src/node/tunnel/h2/codes.ts'
import { frameOf, settingsFrame } from '../../src/node/tunnel/h2/frames.ts'
import { HpackEncoder } from '../../src/node/tunnel/h2/hpack-encoder.ts'
import { dialAsAgent } from './dial-as-agent.ts'
import { waitUntil } from './start-sshd.ts'
import type { TunnelCerts } from './start-tunnel.ts'

/** What a client begins with, and its word on the settings of the server. */
const GREETING = [PREFACE, settingsFrame([]), frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0))]

interface Heard {
  readonly type: number
  readonly flags: number
  readonly id: number
  readonly payload: Buffer
}

/** A peer that says what a test makes it say. */
export interface RawH2 {
  readonly socket: TLSSocket
  readonly heard: Heard[]
  readonly encoder: HpackEncoder
  say(...frames: Uint8Array[]): void
  /** The code of the GOAWAY that ends the connection. */
  ended(): Promise<number | undefined>
  /** The code with which a stream was reset. */
  reset(id: number): Promise<number | undefined>
}

/** Dials over TLS with the certificate of an agent. It ends with its test. */
export async function dialRawH2(
  certs: TunnelCerts,
  port: number,
  first: readonly Uint8Array[] = GREETING,
): Promise<RawH2> {
  const socket = await dialAsAgent(certs, { port }, { ALPNProtocols: ['h2'] })
  const heard: Heard[] = []
  let rest = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3)
      const [type = 0, flags = 0] = [rest[3], rest[4]]
      heard.push({ type, flags, id: rest.readUInt32BE(5), payload: rest.subarray(9, end) })
      rest = rest.subarray(end)
    }
  })
  const raw: RawH2 = {
    socket,
    heard,
    encoder: new HpackEncoder(),
    say: (...frames) => void socket.write(Buffer.concat(frames)),
    ended: async () => {
      await waitUntil(() => socket.closed, 10_000)
      return heard.find(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4)
    },
    reset: async (id) => {
      const find = () => heard.find((frame) => frame.type === FRAME.rstStream && frame.id === id)
      await waitUntil(() => find() !== undefined, 10_000)
      return find()?.payload.readUInt32BE(0)
    },
  }
  raw.say(...first)
  return raw
}
