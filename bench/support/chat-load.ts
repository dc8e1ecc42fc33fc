import { Agent, request } from 'undici'

/** Where to send chat requests, and how that place wants to be spoken to. */
export interface ChatTarget {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

const BODY = (content: string, stream: boolean): string =>
  JSON.stringify({ model: 'gpt-4.1', stream, messages: [{ role: 'user', content }] })

/** Requests one after the other on one connection. */
export async function latency(target: ChatTarget, count: number): Promise<Latency> {
  return await onConnections(1, async (agent) => {
    const times: number[] = []
    for (let index = 0; index < count; index++) {
      const startedAt = performance.now()
      const reply = await ask(target, agent, BODY('hi', false))
      await reply.dump({ limit: 1_000_000 })
      times.push(performance.now() - startedAt)
    }
    return percentiles(times)
  })
}

/** Time until the first byte of a streamed answer. */
export async function firstByte(target: ChatTarget, count: number): Promise<Latency> {
  return await onConnections(1, async (agent) => {
    const times: number[] = []
    for (let index = 0; index < count; index++) {
      const startedAt = performance.now()
      const reply = await ask(target, agent, BODY('hi', true))
      let firstAt = 0
      for await (const _piece of reply) firstAt ||= performance.now()
      times.push(firstAt - startedAt)
    }
    return percentiles(times)
  })
}

export async function requestsPerSecond(
  target: ChatTarget,
  connections: number,
  seconds: number,
): Promise<number> {
  return await onConnections(connections, async (agent) => {
    const startedAt = performance.now()
    const endsAt = startedAt + seconds * 1000
    let done = 0
    const worker = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        const reply = await ask(target, agent, BODY('hi', false))
        await reply.dump({ limit: 1_000_000 })
        done++
      }
    }
    await Promise.all(Array.from({ length: connections }, worker))
    return done / ((performance.now() - startedAt) / 1000)
  })
}

/** Opens so many paced streams at once. @returns how many arrived whole, and how long the last one took. */
export async function parallelStreams(
  target: ChatTarget,
  count: number,
): Promise<{ readonly whole: number; readonly seconds: number }> {
  return await onConnections(count, async (agent) => {
    const startedAt = performance.now()
    const one = async (): Promise<boolean> => {
      try {
        const text = await (await ask(target, agent, BODY('paced', true))).text()
        return text.trimEnd().endsWith('data: [DONE]')
      } catch {
        return false // A stream that was refused or cut is what is counted here.
      }
    }
    const all = await Promise.all(Array.from({ length: count }, one))
    return { whole: all.filter(Boolean).length, seconds: (performance.now() - startedAt) / 1000 }
  })
}

async function onConnections<T>(connections: number, work: (agent: Agent) => Promise<T>): Promise<T> {
  const agent = new Agent({ connections, headersTimeout: 60_000, bodyTimeout: 60_000 })
  try {
    return await work(agent)
  } finally {
    await agent.destroy()
  }
}

async function ask({ url, headers }: ChatTarget, dispatcher: Agent, body: string) {
  const reply = await request(url, {
    ...{ dispatcher, method: 'POST', body },
    headers: { 'content-type': 'application/json', ...headers },
  })
  if (reply.statusCode !== 200)
    throw new Error(`${url} answered ${reply.statusCode}: ${await reply.body.text()}`)
  return reply.body
}

function percentiles(times: readonly number[]): Latency {
  const sorted = [...times].sort((left, right) => left - right)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}
