import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:net'
import { describe, expect, test } from 'vitest'
import { crowd, sovereignWithFiles } from '../../support/few-files.ts'
import { logLines } from '../../support/log-lines.ts'
import { soon } from '../../support/soon.ts'
import { startEcho } from '../../support/start-hosts.ts'
import { echoed, openStream } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'
import { startTunnelServerProcess } from '../../support/tunnel-server-process.ts'

const { certs, makeAgent, startServer } = tunnelFixture()

const MOST_FILES = 64

describe.runIf(process.platform === 'linux')('a server that has no file descriptor left', () => {
  test('goes on with what is open, and takes connections again once there are some', async () => {
    const { running, port } = await startTunnelServerProcess(certs, [], sovereignWithFiles(MOST_FILES))
    const agent = makeAgent({ port })
    const echo = await startEcho()
    const before = await openStream(agent, echo)
    const sockets = crowd(port, 3 * MOST_FILES)
    // Whoever comes once there is none left is sent away.
    await soon(() => expect(sockets.some((socket) => socket.closed)).toBe(true))

    // What is open is served, what would need a file more is refused with words.
    before.write('still here')
    await soon(() => expect(String(before.read())).toContain('still here'))
    await expect(openStream(agent, echo)).rejects.toMatchObject({
      code: 'egress.unreachable',
      message: expect.stringContaining('EMFILE') as string,
    })
    expect(agent.states.at(-1)?.phase).toBe('connected')
    expect(running.child.exitCode).toBeNull()

    for (const socket of sockets) socket.destroy()
    await soon(async () => expect(await echoed(makeAgent({ port }), echo)).toBe('hello'))
    expect(await echoed(agent, echo)).toBe('hello')
    expect(running.stderr()).not.toMatch(/internal\.bug|Uncaught/)
    before.destroy()
    expect(await running.stop()).toBe(0)
  }, 60_000)
})

test('a connection that the system could not hand over ends neither the listener nor the program', async () => {
  const listeners: Server[] = []
  const seen = (message: unknown): void => void listeners.push((message as { server: Server }).server)
  subscribe('tracing:net.server.listen:asyncStart', seen)
  const { log, lines } = logLines('tunnel-server')
  const server = await startServer({ health: { host: '127.0.0.1', port: 0 }, log })
  unsubscribe('tracing:net.server.listen:asyncStart', seen)
  expect(listeners).toHaveLength(2)
  const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' })
  for (const listener of listeners) listener.emit('error', error)
  expect(lines.filter((line) => line.includes('accept EMFILE'))).toHaveLength(2)
  expect(await echoed(makeAgent(server), await startEcho())).toBe('hello')
  expect((await fetch(`http://127.0.0.1:${server.healthPort}/health`)).status).toBe(200)
})
