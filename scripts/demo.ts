// `npm run demo`: the whole way on this one machine, with stand-ins for GitHub, Copilot and OpenRouter.
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import type { ChainStep } from '../test/support/chain-hosts.ts'
import { type Chain, startChain } from '../test/support/start-chain.ts'
import { leaveWithNpm } from './leave-with-npm.ts'
import { ensureSystemParts } from './system-parts.ts'

const ANSWER =
  'Hello from the far end. A stand-in for Copilot wrote this, one word at a time, and it came to you through two SSH tunnels.'
const QUESTION = JSON.stringify({
  model: 'gpt-4.1',
  stream: true,
  messages: [{ role: 'user', content: 'Who is there?' }],
})

const STEP_NAMES: Readonly<Record<ChainStep['part'], string>> = {
  upstreams: 'Stand-ins',
  'client-host': 'Client VM',
  'relay-host': 'Relay host',
  relay: 'Relay',
  bridge: 'Bridge',
}

interface Proof {
  /** Milliseconds since ssh and curl were started on the client machine. */
  readonly firstByteMs: number
  readonly lastByteMs: number
  readonly events: number
  /** From the client machine's loopback to the relay and back, as the bridge measured it. */
  readonly pathMs: number
}

/** What tells the user how it goes: lines for people or lines of JSON. */
interface Reporter {
  step(step: ChainStep): void
  path(client: string, pathMs: number): void
  asking(client: string, url: string): void
  words(text: string): void
  proof(proof: Proof, chain: Chain, isStaying: boolean): void
}

const { values: flags } = parseArgs({ options: { once: { type: 'boolean' }, json: { type: 'boolean' } } })
ensureSystemParts('The demo hosts', ['ssh', 'sshd', 'curl', 'bash', 'ps'])
const stopped = stopSignal()
leaveWithNpm()
try {
  await demo(flags.json === true ? jsonReporter() : textReporter(), flags.once === true)
} catch (error) {
  // A part that the same Ctrl-C has ended fails in the middle of what it does.
  if (!stopped.aborted) throw error
  process.exitCode = 130
}

async function demo(report: Reporter, isOnce: boolean): Promise<void> {
  const chain = await startChain({
    preferredPort: 8080,
    copilot: { chunkDelayMs: 40, respond: () => ({ text: ANSWER }) },
    onStep: (step) => {
      stopped.throwIfAborted()
      report.step(step)
    },
  })
  try {
    const proof = await Promise.race([prove(chain, report), untilStopped()])
    if (proof === undefined) return stopped.throwIfAborted()
    report.proof(proof, chain, !isOnce)
    if (!isOnce) await untilStopped()
  } finally {
    await chain.close()
  }
}

async function prove(chain: Chain, report: Reporter): Promise<Proof> {
  const client = chain.clients[0]
  const path = (await chain.connected()).clients[0]?.path
  if (client === undefined || path?.kind !== 'proven') throw new Error('The client machine is not connected.')
  report.path(client.name, path.roundTripMs)
  report.asking(client.name, client.url)
  const startedAt = performance.now()
  let firstByteMs = Number.NaN
  let stream = ''
  const { exitCode, stderr } = await chain.onClient(
    client.name,
    `curl -sSN -H 'content-type: application/json' -d @- ${client.url}/v1/chat/completions`,
    {
      stdin: QUESTION,
      onOutput: (text) => {
        if (stream === '') firstByteMs = performance.now() - startedAt
        const before = wordsOf(stream)
        stream += text
        report.words(wordsOf(stream).slice(before.length))
      },
    },
  )
  if (exitCode !== 0 || wordsOf(stream) !== ANSWER || !stream.includes('data: [DONE]'))
    throw new Error(`The answer did not arrive as it was sent:\n${stream}\n${stderr}`)
  return {
    firstByteMs,
    lastByteMs: performance.now() - startedAt,
    events: eventsOf(stream).length,
    pathMs: path.roundTripMs,
  }
}

/** Whole lines only: the last one may still be on its way. */
function eventsOf(stream: string): string[] {
  return stream
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice('data: '.length))
}

/** The words of a streamed chat completion. */
function wordsOf(stream: string): string {
  return eventsOf(stream)
    .filter((data) => data.startsWith('{'))
    .map(
      (data) =>
        (JSON.parse(data) as { choices?: { delta?: { content?: string | null } }[] }).choices?.[0]?.delta
          ?.content ?? '',
    )
    .join('')
}

function textReporter(): Reporter {
  const startedAt = performance.now()
  const elapsed = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(7)
  console.log('\n  client VM ──ssh -R──▶ this computer ──ssh -L──▶ relay host ──▶ Copilot (a stand-in)\n')
  return {
    step: ({ part, place }) => console.log(`${elapsed()}  ✓ ${STEP_NAMES[part].padEnd(11)} ${place}`),
    path: (client, pathMs) =>
      console.log(
        `${elapsed()}  ✓ ${'Path'.padEnd(11)} ${client} → bridge → relay and back in ${pathMs.toFixed(1)} ms`,
      ),
    asking: (client, url) =>
      process.stdout.write(`\n  ${client}$ curl -N ${url}/v1/chat/completions -d @question.json\n  `),
    words: (text) => void process.stdout.write(text),
    proof: (proof, chain, isStaying) => {
      console.log(
        `\n\n  Streamed in ${proof.events} events, first byte after ${proof.firstByteMs.toFixed(0)} ms, last after ${proof.lastByteMs.toFixed(0)} ms.`,
      )
      console.log('  No credential is on the client VM or in the bridge: only the relay has one.')
      if (isStaying) console.log(invitation(chain))
    },
  }
}

function invitation(chain: Chain): string {
  const client = chain.clients[0]
  return `
  It keeps running. In another terminal:

    A shell on the client VM   ssh -F ${chain.sshConfigFile} ${client?.name}
    A chat                     curl -N ${client?.url}/v1/chat/completions -H 'content-type: application/json' -d '{"model":"gpt-4.1","stream":true,"messages":[{"role":"user","content":"hello"}]}'
    Models                     curl ${client?.url}/v1/models
    Health                     curl ${client?.url}/health
    Client set-up, dry run     curl -fsSL ${client?.url}/setup | bash -s -- --dry-run
    Usage so far               npx sovereign usage --data-dir ${chain.relayEnv.SOVEREIGN_DATA_DIR}

  Ctrl-C ends it and removes everything.`
}

function jsonReporter(): Reporter {
  const startedAt = performance.now()
  const print = (event: object): void =>
    console.log(JSON.stringify({ atMs: Math.round(performance.now() - startedAt), ...event }))
  return {
    step: (step) => print({ event: 'started', ...step }),
    path: (client, pathMs) => print({ event: 'connected', client, pathMs }),
    asking: (client, url) => print({ event: 'asking', client, url }),
    words: () => undefined,
    proof: (proof, chain) =>
      print({
        event: 'proven',
        ...proof,
        sshConfig: chain.sshConfigFile,
        clients: chain.clients.map(({ name, url }) => ({ name, url })),
        relay: `http://127.0.0.1:${chain.relayPort}`,
      }),
  }
}

/** Watched from the start: whatever runs by then is ended in order. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  return stop.signal
}

async function untilStopped(): Promise<void> {
  if (!stopped.aborted) await once(stopped, 'abort')
}
