// Runs inside one network namespace of the lab: listens, sends and runs commands there, as it is told line by line on
// standard input. It ends with that input, and everything that it started ends with the lab's process namespace.
import { spawn } from 'node:child_process'
import { createSocket, type Socket as Datagram } from 'node:dgram'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, isIPv4, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { AgentCall, Arrival, Probe, ProbeOutcome, RunResult } from './agent-protocol.ts'

const arrivals: Arrival[] = []
/** What a probe may look like: letters, so that it is found in whatever it arrives with. */
const TOKEN = /token-[a-z0-9]+/
const RESEND_MS = 150
/** Connections that stay open through whatever happens to the network, by name. */
const held = new Map<string, Socket>()

function arrived(text: string, via: Arrival['via'], port: number, from: string): string | undefined {
  const token = TOKEN.exec(text)?.[0]
  if (token !== undefined) arrivals.push({ token, via, port, from })
  return token
}

async function listen({ tcp, udp, http }: { tcp: number[]; udp: number[]; http: number[] }): Promise<void> {
  const ready: Promise<unknown>[] = []
  for (const port of http) {
    const server = createHttpServer((request, response) => {
      const token = arrived(request.url ?? '', 'http', port, request.socket.remoteAddress ?? '')
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ version: '0.0.0', token }))
    })
    ready.push(new Promise((resolve) => server.listen({ host: '::', port }, () => resolve(undefined))))
  }
  for (const port of tcp) {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.on('data', (data) => {
        const token = arrived(data.toString(), 'tcp', port, socket.remoteAddress ?? '')
        socket.write(`seen ${token ?? data.toString()}\n`)
      })
    })
    ready.push(new Promise((resolve) => server.listen({ host: '::', port }, () => resolve(undefined))))
  }
  for (const port of udp)
    for (const type of ['udp4', 'udp6'] as const) {
      const socket = createSocket(type === 'udp6' ? { type, ipv6Only: true } : { type })
      socket.on('message', (data, { address, port: from }) => {
        const token = arrived(data.toString(), 'udp', port, address)
        socket.send(`seen ${token ?? ''}`, from, address, () => {})
      })
      ready.push(new Promise((resolve) => socket.bind(port, () => resolve(undefined))))
    }
  await Promise.all(ready)
}

function probe(wanted: Probe): Promise<ProbeOutcome> {
  return wanted.protocol === 'tcp' ? probeTcp(wanted) : probeUdp(wanted)
}

function probeTcp({
  address,
  port,
  localPort,
  localAddress,
  token,
  http,
  timeoutMs,
}: Probe): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const started = performance.now()
    const socket = connect({
      host: address,
      port,
      localPort,
      ...(localAddress === undefined ? {} : { localAddress }),
      family: isIPv4(address) ? 4 : 6,
    })
    let outcome: ProbeOutcome = { kind: 'silent', ms: timeoutMs }
    const done = (kind: ProbeOutcome['kind'], detail?: string) => {
      clearTimeout(timer)
      outcome = { kind, ms: performance.now() - started, ...(detail === undefined ? {} : { detail }) }
      // A reset leaves no port in TIME_WAIT behind; one that is still connecting would go on trying to.
      if (socket.connecting) socket.destroy()
      else socket.resetAndDestroy()
      resolve(outcome)
    }
    const timer = setTimeout(() => done('silent'), timeoutMs)
    socket.on('connect', () =>
      socket.write(http ? `GET /api/version?${token} HTTP/1.1\r\nHost: server\r\n\r\n` : `${token}\n`),
    )
    socket.on('data', (data) => {
      if (data.includes(token)) done('answered', http ? (data.toString().split('\r\n')[0] ?? '') : 'echoed')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => done('refused', error.code ?? error.message))
  })
}

function probeUdp({
  address,
  port,
  localPort,
  localAddress,
  token,
  timeoutMs,
}: Probe): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const started = performance.now()
    const socket: Datagram = createSocket(isIPv4(address) ? 'udp4' : 'udp6')
    let isOver = false
    const done = (kind: ProbeOutcome['kind'], detail?: string) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      clearInterval(again)
      socket.close()
      resolve({ kind, ms: performance.now() - started, ...(detail === undefined ? {} : { detail }) })
    }
    const send = () =>
      socket.send(token, (error: NodeJS.ErrnoException | null) => {
        if (error !== null) done('refused', error.code ?? error.message)
      })
    const timer = setTimeout(() => done('silent'), timeoutMs)
    const again = setInterval(() => {
      if (!isOver && isConnected) send()
    }, RESEND_MS)
    let isConnected = false
    socket.on('message', () => done('answered', 'echoed'))
    socket.on('error', (error: NodeJS.ErrnoException) => done('refused', error.code ?? error.message))
    socket.bind(localPort, localAddress, () => {
      socket.connect(port, address, (error?: NodeJS.ErrnoException | null) => {
        if (error != null) return done('refused', error.code ?? error.message)
        isConnected = true
        send()
      })
    })
  })
}

function run(argv: readonly string[], input: string): Promise<RunResult> {
  return new Promise((resolve) => {
    const [program = '', ...args] = argv
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    child.on('error', (error) => resolve({ code: 127, stdout, stderr: `${stderr}${error.message}` }))
    // Not "close": a daemon that it leaves behind keeps these pipes open.
    child.on('exit', (code) => setImmediate(() => resolve({ code: code ?? 1, stdout, stderr })))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** Opens a connection that is kept, or sends one more line on it. @returns whether the line came back in time. */
function talk({
  name,
  address,
  port,
  line,
  timeoutMs,
}: Extract<AgentCall, { op: 'talk' }>): Promise<boolean> {
  return new Promise((resolve) => {
    const known = held.get(name)
    const socket = known ?? connect({ host: address, port })
    held.set(name, socket)
    const done = (isBack: boolean) => {
      clearTimeout(timer)
      socket.off('data', onData)
      resolve(isBack)
    }
    const onData = (data: Buffer) => {
      if (data.includes(line)) done(true)
    }
    const timer = setTimeout(() => done(false), timeoutMs)
    socket.on('data', onData)
    socket.once('error', () => done(false))
    socket.write(line)
  })
}

async function answer(call: AgentCall): Promise<unknown> {
  switch (call.op) {
    case 'listen':
      return listen(call)
    case 'probe':
      return Promise.all(call.probes.map(probe))
    case 'arrivals':
      return arrivals.splice(0)
    case 'run':
      return run(call.argv, call.input)
    case 'talk':
      return talk(call)
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const { id, call } = JSON.parse(line) as { id: number; call: AgentCall }
  answer(call).then(
    (value) => process.stdout.write(`${JSON.stringify({ id, value: value ?? null })}\n`),
    (error: unknown) => process.stdout.write(`${JSON.stringify({ id, error: String(error) })}\n`),
  )
})
lines.on('close', () => process.exit(0))
process.stdout.write(`${JSON.stringify({ pid: process.pid })}\n`)
