import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { usageOfOne } from '../../../bench/support/process-usage.ts'
import { startEcho } from '../../support/start-hosts.ts'
import { openStream } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'
import { startTunnelServerProcess } from '../../support/tunnel-server-process.ts'

const IDLE = 10_000
const ACTIVE = 1_000
/** A listener of Linux holds 4,096 connections at most that nobody has accepted. */
const AT_ONCE = 500
const MESSAGE = Buffer.alloc(1024, 'm')
const MESSAGES = 10

/** Each is one in the server, and one in the host. */
const FILES_NEEDED = IDLE + ACTIVE + 500
const obstacle = whatIsMissing()
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`)

function whatIsMissing(): string | undefined {
  if (process.platform !== 'linux') return 'the memory of the server is read from /proc, which Linux has.'
  const files = execFileSync('sh', ['-c', 'ulimit -Hn']).toString().trim()
  if (files === 'unlimited' || Number(files) >= FILES_NEEDED) return undefined
  return `${FILES_NEEDED} open files are needed, and "ulimit -Hn" is ${files}.`
}

const { certs, makeAgent } = tunnelFixture()

async function exchange(stream: Duplex): Promise<boolean> {
  let missing = MESSAGE.length
  const whole = new Promise<boolean>((resolve) => {
    const settle = (isWhole: boolean): void => {
      stream.off('data', onData).off('close', onClose)
      resolve(isWhole)
    }
    const onData = (data: Buffer): void => {
      missing -= data.length
      if (missing <= 0) settle(missing === 0)
    }
    const onClose = (): void => settle(false)
    stream.on('data', onData).on('close', onClose)
  })
  stream.write(MESSAGE)
  return await whole
}

async function inTurns<T>(count: number, start: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  while (results.length < count) {
    const size = Math.min(AT_ONCE, count - results.length)
    results.push(...(await Promise.all(Array.from({ length: size }, start))))
  }
  return results
}

test.skipIf(obstacle !== undefined)(
  '10,000 idle connections and 1,000 that are at work share one tunnel',
  { timeout: 180_000 },
  async () => {
    const lines = [`max_streams: ${IDLE + ACTIVE}`, 'log_level: warn']
    const server = await startTunnelServerProcess(certs, lines)
    const agent = makeAgent(server)
    const port = await startEcho()
    const open = async (): Promise<Duplex> => {
      const stream = await openStream(agent, port)
      expect(await exchange(stream)).toBe(true)
      return stream
    }
    const first = await open()
    const before = (await usageOfOne(server.running.pid)).rssKiB
    const idle = await inTurns(IDLE - 1, open)
    const kibEach = ((await usageOfOne(server.running.pid)).rssKiB - before) / IDLE
    console.log(`The server takes ${kibEach.toFixed(1)} KiB for each idle connection.`)
    const active = await inTurns(ACTIVE, open)
    const work = active.map(async (stream) => {
      for (let count = 0; count < MESSAGES; count += 1) if (!(await exchange(stream))) return false
      return true
    })
    expect((await Promise.all(work)).filter((isWhole) => !isWhole)).toEqual([])
    expect(await Promise.all([first, ...idle].map(exchange))).not.toContain(false)
    const ends = [first, ...idle, ...active].map((stream) => once(stream.end(), 'close'))
    await Promise.all(ends)
    expect(kibEach).toBeLessThan(32)
  },
)
