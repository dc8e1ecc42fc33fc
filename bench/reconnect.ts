import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../test/support/free-port.ts'
import { makeLink, resolvedHost, startTcpServer, stateOf } from '../test/support/make-link.ts'
import { createNetworkNamespace, NO_NAMESPACES } from '../test/support/network-namespace.ts'
import { type Sshd, startSshd, waitUntil } from '../test/support/start-sshd.ts'
import { median, Processes } from './support/processes.ts'

/**
 * How long after a fault has gone until a byte crosses a reverse tunnel again, next to autossh with
 * ServerAliveInterval 3 and ServerAliveCountMax 2, on the same server at the same moment.
 */

interface Fault {
  readonly name: string
  strike(): Promise<void>
  mend(): Promise<void>
  /** How long it lasts. */
  readonly lastsMs: number
}

interface Outcome {
  readonly bridgeMs: number
  readonly autosshMs: number
}

const GIVE_UP_MS = 90_000

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(args.find((argument) => argument.startsWith('--rounds='))?.slice(9) ?? 3)
  const results: { fault: string; rounds: Outcome[] }[] = []
  results.push(...(await measureKilledServer(rounds)))
  if (NO_NAMESPACES === undefined) results.push(...(await measureBlackhole(rounds)))
  else console.error(`Skipped the blackholed link: ${NO_NAMESPACES}.`)
  report(results, args.includes('--json'))
}

async function measureKilledServer(rounds: number): Promise<{ fault: string; rounds: Outcome[] }[]> {
  const server = await startSshd()
  try {
    const results = []
    for (const lastsMs of [500, 5_000]) {
      const fault: Fault = {
        name: `sshd killed for ${lastsMs / 1000} s`,
        strike: () => server.stop(),
        mend: () => server.start(),
        lastsMs,
      }
      results.push({ fault: fault.name, rounds: await measure(server, [], fault, rounds) })
    }
    return results
  } finally {
    await server.close()
  }
}

async function measureBlackhole(rounds: number): Promise<{ fault: string; rounds: Outcome[] }[]> {
  const network = await createNetworkNamespace()
  try {
    const server = await startSshd({ host: network.address, launcher: network.launcher })
    try {
      const results = []
      for (const lastsMs of [3_000, 30_000]) {
        const fault: Fault = {
          name: `link blackholed for ${lastsMs / 1000} s`,
          strike: network.blackhole,
          mend: network.restore,
          lastsMs,
        }
        results.push({ fault: fault.name, rounds: await measure(server, network.launcher, fault, rounds) })
      }
      return results
    } finally {
      await server.close()
    }
  } finally {
    await network.close()
  }
}

async function measure(
  server: Sshd,
  launcher: readonly string[],
  fault: Fault,
  rounds: number,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let round = 0; round < rounds; round += 1) outcomes.push(await measureOnce(server, launcher, fault))
  return outcomes
}

async function measureOnce(server: Sshd, launcher: readonly string[], fault: Fault): Promise<Outcome> {
  const processes = new Processes()
  const ports = { bridge: await freePort(), autossh: await freePort() }
  const answer = await startTcpServer((socket) => socket.end('x'))
  const link = makeLink(resolvedHost(server))
  try {
    link.listen({ kind: 'tcp', host: '127.0.0.1', port: ports.bridge }, (channel) => {
      channel.resume()
      channel.end('x')
    })
    link.start()
    startAutossh(processes, server, ports.autossh, answer.port)
    const bridge = watch(processes, launcher, ports.bridge)
    const autossh = watch(processes, launcher, ports.autossh)
    await stateOf(link, 'connected')
    await Promise.all([bridge.byteAfter(0), autossh.byteAfter(0)])
    await fault.strike()
    await delay(fault.lastsMs)
    await fault.mend()
    const mendedAt = Date.now()
    const [bridgeAt, autosshAt] = await Promise.all([bridge.byteAfter(mendedAt), autossh.byteAfter(mendedAt)])
    return { bridgeMs: bridgeAt - mendedAt, autosshMs: autosshAt - mendedAt }
  } finally {
    await link.close()
    await processes.close()
    await answer.close()
  }
}

function startAutossh(processes: Processes, server: Sshd, port: number, target: number): void {
  processes.start('env', [
    ...['AUTOSSH_GATETIME=0', 'autossh', '-M', '0', '-N', '-F', 'none', '-p', String(server.port)],
    ...['-i', server.clientKeyFile, '-l', server.userName, '-o', 'LogLevel=QUIET'],
    ...['-o', `UserKnownHostsFile=${server.knownHostsFile}`, '-o', 'ExitOnForwardFailure=yes'],
    ...['-o', 'ServerAliveInterval=3', '-o', 'ServerAliveCountMax=2', '-o', 'ConnectTimeout=10'],
    ...['-R', `127.0.0.1:${port}:127.0.0.1:${target}`, server.host],
  ])
}

interface Watch {
  /** Time of the first answer that came after `time`, or of giving up. */
  byteAfter(time: number): Promise<number>
}

function watch(processes: Processes, launcher: readonly string[], port: number): Watch {
  const command = [
    ...launcher,
    process.execPath,
    join(import.meta.dirname, 'support/first-byte.ts'),
    String(port),
  ]
  const child: ChildProcess = processes.start(command[0] as string, command.slice(1))
  const times: number[] = []
  child.stdout?.on('data', (data: Buffer) => times.push(...data.toString().trim().split('\n').map(Number)))
  return {
    byteAfter: async (time) => {
      const found = () => times.find((candidate) => candidate > time)
      await waitUntil(() => found() !== undefined, GIVE_UP_MS)
      return found() ?? Date.now()
    },
  }
}

function report(results: readonly { fault: string; rounds: readonly Outcome[] }[], asJson: boolean): void {
  const rows = results.map(({ fault, rounds }) => {
    const bridgeMs = median(rounds.map((round) => round.bridgeMs))
    const autosshMs = median(rounds.map((round) => round.autosshMs))
    return { fault, bridgeMs, autosshMs, ratio: bridgeMs / autosshMs, rounds }
  })
  if (asJson) {
    console.log(JSON.stringify({ bench: 'reconnect', rows }))
    return
  }
  console.log(
    `${'ms until a byte crosses again'.padEnd(32)}${'bridge'.padStart(10)}${'autossh'.padStart(10)}${'ratio'.padStart(8)}`,
  )
  for (const { fault, bridgeMs, autosshMs, ratio } of rows) {
    console.log(
      `${fault.padEnd(32)}${bridgeMs.toFixed(0).padStart(10)}${autosshMs.toFixed(0).padStart(10)}${ratio.toFixed(2).padStart(8)}`,
    )
  }
}
