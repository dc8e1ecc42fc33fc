import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { soon } from '../../support/soon.ts'
import { readToEnd, startEcho } from '../../support/start-hosts.ts'
import { openStream } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'
import { startTunnelServerProcess } from '../../support/tunnel-server-process.ts'

const { certs, makeAgent } = tunnelFixture()

const STREAMS = 200
const PIECES = 8
const PIECE = randomBytes(32 * 1024)

const sumOf = (pieces: readonly Buffer[]): string =>
  pieces.reduce((hash, piece) => hash.update(piece), createHash('sha256')).digest('hex')
const WHOLE = sumOf(Array.from({ length: PIECES }, () => PIECE))

/** Half of it now, the rest and the end once `go` says so. @returns the sum of what came back. */
async function carry(stream: Duplex, go: Promise<void>): Promise<string> {
  const received = readToEnd(stream)
  const say = async (): Promise<void> => {
    if (!stream.write(PIECE)) await once(stream, 'drain')
  }
  for (let piece = 0; piece < PIECES / 2; piece += 1) await say()
  await go
  for (let piece = PIECES / 2; piece < PIECES; piece += 1) await say()
  stream.end()
  return sumOf([await received])
}

describe.each(['h2', 'envelopes'] as const)(
  `a server with ${STREAMS} streams under way, by %s`,
  (protocol) => {
    async function start(lines: readonly string[] = []) {
      const { port, running } = await startTunnelServerProcess(certs, lines)
      const agent = makeAgent({ port }, { protocol })
      const echo = await startEcho()
      const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(agent, echo)))
      return { agent, echo, running, streams }
    }

    test('lets all of them finish whole on SIGTERM, takes no other, and ends', {
      timeout: 60_000,
    }, async () => {
      const { agent, echo, running, streams } = await start()
      const signal = Promise.withResolvers<void>()
      const sums = Promise.all(streams.map((stream) => carry(stream, signal.promise)))
      // In the middle of what they carry.
      await soon(() => expect(streams.every(({ readableFlowing }) => readableFlowing)).toBe(true))
      running.child.kill('SIGTERM')
      await soon(() => expect(agent.states.at(-1)?.phase).toBe('reconnecting'))
      await expect(openStream(agent, echo)).rejects.toMatchObject({ code: 'tunnel.down' })
      expect(running.child.exitCode).toBeNull()
      signal.resolve()
      expect(new Set(await sums)).toEqual(new Set([WHOLE]))
      expect(await running.finished).toBe(0)
      expect(running.stderr()).not.toMatch(/"level":50|Uncaught/)
    })

    test('cuts those that do not finish: after drain_seconds, or at a second SIGTERM', {
      timeout: 60_000,
    }, async () => {
      for (const [lines, isTwice] of [
        [['drain_seconds: 1'], false],
        [['drain_seconds: 3600'], true],
      ] as const) {
        const { agent, running, streams } = await start(lines)
        for (const stream of streams) stream.resume().write(PIECE)
        running.child.kill('SIGTERM')
        if (isTwice) {
          await soon(() => expect(agent.states.at(-1)?.phase).toBe('reconnecting'))
          running.child.kill('SIGTERM')
        }
        await soon(() => expect(streams.every((stream) => stream.closed)).toBe(true))
        expect(await running.finished).toBe(0)
      }
    })
  },
)
