import { createHmac } from 'node:crypto'
import { type StandIn, startStandIn } from './stand-in.ts'

export interface FakeWebhook extends StandIn {
  /** Owners that need the server. */
  readonly owners: ReadonlySet<string>
  /** Asked to run or not, before it is either. */
  readonly isWanted: boolean
  /** The next requests are answered like this. */
  fail(status: number, times?: number): void
}

export interface FakeWebhookOptions {
  readonly secret: string
  readonly port: number
  start(): Promise<void>
  stop(): Promise<void>
}

/** A receiver of signed webhooks as the documentation tells to write one, with the words of version 1 of the protocol. */
export async function startFakeWebhook(options: FakeWebhookOptions): Promise<FakeWebhook> {
  const owners = new Set<string>()
  const nonces = new Set<string>()
  const faults: number[] = []
  let looks = 0
  const accepts = (timestamp: string, nonce: string, signature: string, body: string): boolean => {
    const expected = createHmac('sha256', options.secret)
      .update(['v1', timestamp, nonce, body].join('\n'))
      .digest('hex')
    const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300 && !nonces.has(nonce)
    nonces.add(nonce)
    return isFresh && signature === `v1=${expected}`
  }
  const answers: Record<string, (owner: string) => Promise<unknown>> = {
    wake: async (owner) => {
      owners.add(owner)
      await options.start()
      const counts = { desiredCount: 1, runningCount: 0, pendingCount: 0 }
      return { status: 'waking', instance_id: 'a-b-1', ...counts, message: 'Waking.' }
    },
    query: async () => {
      if (owners.size === 0) return { status: 'negative', message: 'Off.' }
      looks += 1
      if (looks < 2) return { status: 'pending', message: 'Starting.' }
      return { status: 'ready', public_ip: '127.0.0.1', port: options.port, message: 'On.' }
    },
    kill: async (owner) => {
      owners.delete(owner)
      if (owners.size > 0) return { status: 'held', holders: owners.size, desiredCount: 1, message: 'Held.' }
      await options.stop()
      return { status: 'killed', desiredCount: 0, message: 'Off.' }
    },
  }
  const standIn = await startStandIn(async (request, response) => {
    const reply = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const fault = faults.shift()
    if (fault !== undefined) return void reply(fault, { error: `fault ${fault}` })
    const header = (name: string) => String(request.headers[`x-sovereign-${name}`])
    if (!accepts(header('timestamp'), header('nonce'), header('signature'), request.body.toString()))
      return void reply(401, { error: 'not signed' })
    const { action, owner } = request.json ?? {}
    reply(200, await answers[String(action)]?.(String(owner)))
  })
  return Object.assign(standIn, {
    owners,
    get isWanted() {
      return owners.size > 0
    },
    fail: (status: number, times = 1) => void faults.push(...new Array<number>(times).fill(status)),
  })
}
