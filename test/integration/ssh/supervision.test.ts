import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HEARTBEAT, type HeartbeatTimings } from '../../../src/main/ssh/heartbeat.ts'
import type { SshLink } from '../../../src/main/ssh/link.ts'
import { type Ambient, REAL_AMBIENT } from '../../../src/node/ambient.ts'
import type { ListenAddress } from '../../../src/shared/state/bridge-state.ts'
import type { LinkState } from '../../../src/shared/state/link.ts'
import { freePort } from '../../support/free-port.ts'
import {
  echo,
  listenerStateOf,
  makeLink,
  resolvedHost,
  startTcpServer,
  stateOf,
} from '../../support/make-link.ts'
import { createNetworkNamespace, NO_NAMESPACES } from '../../support/network-namespace.ts'
import { connectLink, startOwnSshd } from '../../support/start-link.ts'
import { isAlive, type Sshd, startSshd } from '../../support/start-sshd.ts'

/** The real proportions, fifty times as fast as an idle connection needs it. */
const FAST: HeartbeatTimings = {
  tickMs: 50,
  idleMs: 300,
  idleReplyMs: 500,
  busyMs: 150,
  busyReplyMs: 300,
  probeReplyMs: 300,
}

/** Its clock stands still, so that a time that is published is a pause. */
const AT_ZERO: Ambient = { ...REAL_AMBIENT, now: () => 0, random: () => 0 }

function attemptOf({ state }: SshLink): number {
  return state.phase === 'reconnecting' ? state.attempt : 0
}

function recordPhases(link: SshLink): LinkState['phase'][] {
  const phases: LinkState['phase'][] = []
  link.onState((state) => {
    if (phases.at(-1) !== state.phase) phases.push(state.phase)
  })
  return phases
}

/** Makes the server's side of every session stand still, as a network does that swallows everything. */
async function freeze(server: Sshd): Promise<number[]> {
  const pids = await server.sessionPids()
  // A command that was just ending may be gone by now.
  return pids.filter((pid) => {
    if (!isAlive(pid)) return false
    process.kill(pid, 'SIGSTOP')
    return true
  })
}

describe('a connection that is cut', () => {
  test('says why it was lost until it is back, also while it is tried again', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server))
    const told: LinkState[] = []
    link.onState((state) => told.push(state))
    await server.stop()
    await stateOf(link, 'reconnecting')
    await expect
      .poll(() => told.filter(({ phase }) => phase === 'reconnecting').length, { timeout: 20_000 })
      .toBeGreaterThan(1)
    const [first] = told
    const since = first?.phase === 'reconnecting' ? first.since : 0
    const attempts = told.flatMap((state) => (state.phase === 'connecting' ? [state.outage] : []))
    expect(attempts.length).toBeGreaterThan(0)
    for (const outage of attempts)
      expect(outage).toMatchObject({ since, cause: { message: expect.any(String) } })
    await server.start()
    await stateOf(link, 'connected')
    expect(link.state).not.toHaveProperty('outage')
  }, 60_000)

  test('destroys its channels with the reason and returns by itself', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server))
    const { port } = await startTcpServer(echo, onTestFinished)
    const channel: Duplex = await link.openChannel({ host: '127.0.0.1', port })
    const failed = expect(once(channel, 'end')).rejects.toMatchObject({ code: 'ssh.connection-lost' })
    channel.resume()
    await server.stop()
    await failed
    await server.start()
    await stateOf(link, 'connected')
  })

  test('is retried within 200 ms, and as often while nothing listens there', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server), { ambient: AT_ZERO })
    const pauses: number[] = []
    const enough = Promise.withResolvers<void>()
    link.onState((state) => {
      if (state.phase !== 'reconnecting') return
      pauses.push(state.nextTryAt)
      if (pauses.length === 4) enough.resolve()
    })
    await server.stop()
    await enough.promise
    // Stopping the server may take long enough for a fifth.
    expect(pauses.slice(0, 4)).toEqual([200, 200, 200, 200])
  })

  test('is down since it was lost, however often it was tried, and up to the next loss', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server))
    const times = new Set<number>()
    link.onState((state) => {
      if (state.phase === 'reconnecting') times.add(state.since)
    })
    for (const losses of [1, 2]) {
      await server.stop()
      await expect.poll(() => attemptOf(link), { timeout: 10_000 }).toBeGreaterThan(3)
      expect(times.size).toBe(losses)
      await server.start()
      await stateOf(link, 'connected')
    }
  })

  test('is retried with growing pauses by a server that takes it and hangs up', async () => {
    const rude = await startTcpServer((socket) => socket.end(), onTestFinished)
    const link = makeLink(resolvedHost(await startOwnSshd(), { port: rude.port }), {
      ambient: AT_ZERO,
    })
    onTestFinished(() => link.close())
    const pauses: number[] = []
    link.onState((state) => {
      if (state.phase === 'reconnecting') pauses.push(state.nextTryAt)
    })
    link.start()
    await expect.poll(() => pauses.slice(0, 4), { timeout: 10_000 }).toEqual([200, 320, 512, 819])
  })

  test('starts again with the shortest pause only after it had lived', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server), { timings: { provenAfterMs: 60_000 } })
    const attempts: number[] = []
    link.onState((state) => {
      if (state.phase === 'reconnecting') attempts.push(state.attempt)
    })
    for (const round of [1, 2]) {
      await server.restart()
      await stateOf(link, 'connected')
      expect(attempts.length).toBeGreaterThanOrEqual(round)
    }
    expect(attempts).toEqual([...attempts].sort((left, right) => left - right))
    expect(new Set(attempts).size).toBe(attempts.length)
  })

  test('is retried at once when somebody says so', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server), {
      timings: { backoff: { firstDelayMs: 600_000, capMs: 600_000, factor: 1, jitter: 0 } },
    })
    await server.restart()
    await stateOf(link, 'reconnecting')
    link.retryNow()
    await stateOf(link, 'connected')
  })

  test('ten times in a row leaves no growth behind', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server), { timings: { provenAfterMs: 0 } })
    const listener = link.listen({ kind: 'tcp', host: '127.0.0.1', port: await freePort() }, (channel) =>
      channel.destroy(),
    )
    await listenerStateOf(listener, 'listening')
    const openFiles = () => readdirSync('/proc/self/fd').length
    const before = openFiles()
    for (let round = 0; round < 10; round += 1) {
      const [session] = await server.sessionPids()
      if (session === undefined) throw new Error('There is no session.')
      const lost = stateOf(link, 'reconnecting')
      process.kill(session, 'SIGKILL')
      await lost
      await stateOf(link, 'connected')
      await listenerStateOf(listener, 'listening')
    }
    await expect.poll(openFiles).toBeLessThanOrEqual(before + 1)
  })
})

describe('a peer that falls silent', () => {
  test('is found by an idle link and replaced', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server), { timings: { heartbeat: FAST } })
    const lost = stateOf(link, 'reconnecting')
    await freeze(server)
    expect((await lost).cause).toMatchObject({ code: 'ssh.peer-dead', recovery: 'automatic' })
    await stateOf(link, 'connected')
  })

  test('is found sooner while something waits for an answer', async () => {
    const server = await startOwnSshd()
    const timings = { heartbeat: { ...FAST, idleMs: 600_000 } }
    const link = await connectLink(resolvedHost(server), { timings })
    const { port } = await startTcpServer(echo, onTestFinished)
    const channel = await link.openChannel({ host: '127.0.0.1', port })
    channel.on('error', () => undefined)
    await freeze(server)
    channel.write('anybody there?')
    expect((await stateOf(link, 'reconnecting')).cause.code).toBe('ssh.peer-dead')
  })

  test('is within the promised times with the real timings', () => {
    expect(HEARTBEAT.busyMs + HEARTBEAT.busyReplyMs + 2 * HEARTBEAT.tickMs).toBeLessThanOrEqual(10_000)
    expect(HEARTBEAT.idleMs + HEARTBEAT.idleReplyMs + 2 * HEARTBEAT.tickMs).toBeLessThanOrEqual(20_000)
  })

  test('is torn down by a probe only when it does not answer', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server), {
      timings: { heartbeat: { ...FAST, idleMs: 600_000, busyMs: 600_000 } },
    })
    const phases = recordPhases(link)
    const answered = new Promise<void>((resolve) => {
      link.onState((state) => {
        if (state.phase === 'connected') resolve()
      })
    })
    link.probe()
    await answered
    expect(phases).toEqual(['connected'])
    await freeze(server)
    link.probe()
    expect((await stateOf(link, 'reconnecting')).cause.code).toBe('ssh.peer-dead')
  })
})

test('a clock that jumps by an hour neither tears down nor delays', async () => {
  const server = await startOwnSshd()
  let offsetMs = 0
  const ambient: Ambient = { ...REAL_AMBIENT, now: () => Date.now() + offsetMs }
  const link = await connectLink(resolvedHost(server), { ambient, timings: { heartbeat: FAST } })
  const phases = recordPhases(link)
  for (const hour of [1, -1]) {
    offsetMs += hour * 3_600_000
    const roundTrips: number[] = []
    const unsubscribe = link.onState((state) => {
      if (state.phase === 'connected' && state.roundTripMs !== undefined) roundTrips.push(state.roundTripMs)
    })
    await expect.poll(() => roundTrips.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(2)
    unsubscribe()
  }
  expect(phases).toEqual(['connected'])
  await server.restart()
  await stateOf(link, 'connected')
})

describe('an address held by our own dead session', () => {
  async function takenBack(address: ListenAddress, server: Sshd): Promise<(string | undefined)[]> {
    const link = await connectLink(resolvedHost(server), { timings: { heartbeat: FAST } })
    const listener = link.listen(address, (channel) => channel.destroy())
    await listenerStateOf(listener, 'listening')
    // The link learns in the background which process serves it.
    await expect.poll(() => server.log(), { timeout: 5_000 }).toContain('Close session')
    const reasons: (string | undefined)[] = []
    listener.onState((state) => {
      if (state.phase === 'opening') reasons.push(state.cause?.code)
    })
    const frozen = await freeze(server)
    await stateOf(link, 'reconnecting')
    await stateOf(link, 'connected')
    await listenerStateOf(listener, 'listening', 5_000)
    const left = await server.sessionPids()
    expect(left.filter((pid) => frozen.includes(pid)).length).toBeLessThan(frozen.length)
    return reasons
  }

  test('is recognised, said in words and taken back: a port', async () => {
    const reasons = await takenBack(
      { kind: 'tcp', host: '127.0.0.1', port: await freePort() },
      await startOwnSshd(),
    )
    expect(reasons).toContain('ssh.remote-port-held-by-old-session')
  })

  test('is recognised, said in words and taken back: a socket', async () => {
    const server = await startOwnSshd()
    const reasons = await takenBack({ kind: 'socket', path: join(server.dir, 'held.sock') }, server)
    expect(reasons).toContain('ssh.remote-port-held-by-old-session')
  })
})

describe.skipIf(NO_NAMESPACES !== undefined)(
  `a network that swallows everything (${NO_NAMESPACES ?? 'here'})`,
  () => {
    test('is noticed, and its return is used at once when somebody tells', async () => {
      const network = await createNetworkNamespace()
      onTestFinished(() => network.close())
      const server = await startSshd({
        host: network.address,
        launcher: network.launcher,
        teardown: onTestFinished,
      })
      const link = await connectLink(resolvedHost(server), { timings: { heartbeat: FAST } })
      const listener = link.listen({ kind: 'socket', path: join(server.dir, 'roam.sock') }, (channel) =>
        channel.destroy(),
      )
      await listenerStateOf(listener, 'listening')
      await network.blackhole()
      expect((await stateOf(link, 'reconnecting')).cause.code).toBe('ssh.peer-dead')
      await expect.poll(() => (link.state.phase === 'connecting' ? link.state.step : '')).toBe('connecting')
      // Long enough for the kernel's own repetitions of the first packet to become rare.
      await expect
        .poll(() => (link.state.phase === 'connecting' ? Date.now() - link.state.since : 0), {
          timeout: 10_000,
        })
        .toBeGreaterThan(3_500)
      await network.restore()
      link.probe()
      await stateOf(link, 'connected', 3_000)
      await listenerStateOf(listener, 'listening', 3_000)
    })
  },
)

test('closing lets open channels finish first', async () => {
  const server = await startOwnSshd()
  const link = await connectLink(resolvedHost(server))
  const { port } = await startTcpServer(echo, onTestFinished)
  const channel = await link.openChannel({ host: '127.0.0.1', port })
  const closed = link.close(10_000)
  expect(link.state.phase).toBe('closing')
  channel.write('last words')
  const [data] = await once(channel, 'data')
  expect(String(data)).toBe('last words')
  channel.end()
  channel.resume()
  await closed
  expect(link.state.phase).toBe('idle')
})
