// `npm run demo:tunnel`: certificate authority, tunnel server and agent on this one machine, and a page to look at.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs, promisify } from 'node:util'
import type { TunnelState } from '../src/shared/state/egress.ts'
import { startTunnelSetUp, type TunnelSetUp, type TunnelStep } from '../test/support/start-tunnel-set-up.ts'
import { leaveWithNpm } from './leave-with-npm.ts'
import { ensureSystemParts } from './system-parts.ts'

const STEP_NAMES: Readonly<Record<TunnelStep['part'], string>> = {
  authority: 'Authority',
  server: 'Server',
  bridge: 'Agent',
}
const GREETING = 'This page came through a tunnel with mutual TLS.'

const { values: flags } = parseArgs({ options: { once: { type: 'boolean' } } })
ensureSystemParts('The demo', ['curl'])
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
leaveWithNpm()
const startedAt = performance.now()
try {
  await demo(flags.once === true)
} catch (error) {
  // A part that the same Ctrl-C has ended fails in the middle of what it does.
  if (!stop.signal.aborted) throw error
  process.exitCode = 130
}

async function demo(isOnce: boolean): Promise<void> {
  console.log('\n  program ──▶ agent ══ mutual TLS ══▶ tunnel server ──▶ page\n')
  const page = await startPage()
  const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}/`
  let tunnel: TunnelSetUp | undefined
  try {
    tell('Page', `${url} (a stand-in for the internet)`)
    tunnel = await startTunnelSetUp({
      connectPorts: [443, 8443],
      onStep: ({ part, text }) => {
        stop.signal.throwIfAborted()
        tell(STEP_NAMES[part], text)
      },
    })
    await prove(tunnel, url)
    if (isOnce) return
    console.log(invitation(tunnel, url))
    if (!stop.signal.aborted) await once(stop.signal, 'abort')
  } finally {
    await tunnel?.close()
    page.closeAllConnections()
    page.close()
  }
}

async function prove(tunnel: TunnelSetUp, url: string): Promise<void> {
  await tunnel.state(({ egress }) => egress.tunnel.phase === 'asleep', 'a tunnel that sleeps')
  console.log(`\n  $ curl -x ${tunnel.url} ${url}`)
  const asked = promisify(execFile)('curl', ['-sS', '--noproxy', '', '-x', tunnel.url, url])
  const woken = tunnel.state(({ egress }) => egress.tunnel.phase === 'connected', 'a connection')
  const [{ stdout }, { egress }] = await Promise.all([asked, woken])
  if (!stdout.includes(GREETING)) throw new Error(`This is not the page:\n${stdout}`)
  console.log(`  ${GREETING}\n`)
  tell('Tunnel', connectedText(egress.tunnel))
}

function connectedText(tunnel: TunnelState): string {
  if (tunnel.phase !== 'connected') return tunnel.phase
  const { protocol, roundTripMs = 0, server } = tunnel
  const words = protocol === 'h2' ? 'HTTP/2' : 'envelopes'
  return `woken by that request, connected to ${server} over ${words}, ${roundTripMs.toFixed(1)} ms`
}

async function startPage(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><title>Through the tunnel</title><h1>${GREETING}</h1>\n`)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

function tell(name: string, text: string): void {
  const elapsed = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(7)
  console.log(`${elapsed}  ✓ ${name.padEnd(9)}  ${text}`)
}

function invitation(tunnel: TunnelSetUp, url: string): string {
  return `
  It keeps running. In another terminal:

    Browse through it     chromium --user-data-dir=$(mktemp -d) --proxy-server=${tunnel.url} https://example.com
    This page             chromium --user-data-dir=$(mktemp -d) --proxy-server=${tunnel.url} '--proxy-bypass-list=<-loopback>' ${url}
    How the agent is      curl ${tunnel.url}/agent/health
    How the server is     curl ${tunnel.healthUrl}/health
    Its metrics           curl ${tunnel.healthUrl}/metrics
    The certificates      npx sovereign certs show --dir ${tunnel.dir}/certs

  Ctrl-C ends it and removes everything.`
}
