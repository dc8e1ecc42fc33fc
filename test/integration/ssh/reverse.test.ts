import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, writeFile } from 'node:fs/promises'
import { connect, type NetConnectOpts } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ReverseListener, SshLink } from '../../../src/main/ssh/link.ts'
import type { ListenAddress } from '../../../src/shared/state/bridge-state.ts'
import { freePort } from '../../support/free-port.ts'
import { listenerStateOf, makeLink, resolvedHost, startTcpServer, stateOf } from '../../support/make-link.ts'
import { startOwnSshd } from '../../support/start-link.ts'
import { accepts, type Sshd, waitUntil } from '../../support/start-sshd.ts'

const greet = (channel: Duplex) => {
  channel.resume()
  channel.end('hello from the laptop')
}

function listening(
  server: Sshd,
  address: ListenAddress,
  onChannel = greet,
): { link: SshLink; listener: ReverseListener } {
  const link = makeLink(resolvedHost(server))
  onTestFinished(() => link.close())
  const listener = link.listen(address, onChannel)
  link.start()
  return { link, listener }
}

async function tcp(): Promise<Extract<ListenAddress, { kind: 'tcp' }>> {
  return { kind: 'tcp', host: '127.0.0.1', port: await freePort() }
}

async function talk(options: NetConnectOpts): Promise<string> {
  const socket = connect(options)
  socket.end('hello')
  return (await buffer(socket)).toString()
}

/** Another program on the far side that holds the port. */
async function holdPort(port: number): Promise<number> {
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('ready'))`,
  ])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

/** A free port whose next higher one belongs to an open connection, as the kernel chose it. */
async function portBelowConnection(): Promise<{ port: number; outgoing: number }> {
  const server = await startTcpServer(() => undefined, onTestFinished)
  for (;;) {
    const socket = connect(server.port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    const outgoing = socket.localPort ?? 0
    if (!(await accepts('127.0.0.1', outgoing - 1))) return { port: outgoing - 1, outgoing }
  }
}

describe('a listener on the far side', () => {
  test('hands over connections to a TCP port there', async () => {
    const address = await tcp()
    const { listener } = listening(await startOwnSshd(), address)
    expect(await listenerStateOf(listener, 'listening')).toMatchObject({
      address: `127.0.0.1:${address.port}`,
    })
    expect(await talk({ port: address.port, host: '127.0.0.1' })).toBe('hello from the laptop')
  })

  test('hands over connections to a unix socket there', async () => {
    const server = await startOwnSshd()
    const path = join(server.dir, 'tunnel.sock')
    const { listener } = listening(server, { kind: 'socket', path })
    await listenerStateOf(listener, 'listening')
    expect(await talk({ path })).toBe('hello from the laptop')
  })

  test('is gone when it is closed, while the link stays', async () => {
    const address = await tcp()
    const { link, listener } = listening(await startOwnSshd(), address)
    await listenerStateOf(listener, 'listening')
    await listener.close()
    await expect.poll(() => accepts('127.0.0.1', address.port), { timeout: 5_000 }).toBe(false)
    expect([listener.state.phase, link.state.phase]).toEqual(['off', 'connected'])
  })

  test('comes back by itself after the server was restarted', async () => {
    const server = await startOwnSshd()
    const address = await tcp()
    const { listener } = listening(server, address)
    await listenerStateOf(listener, 'listening')
    await server.stop()
    await listenerStateOf(listener, 'off')
    await server.start()
    await listenerStateOf(listener, 'listening')
    expect(await talk({ port: address.port, host: '127.0.0.1' })).toBe('hello from the laptop')
  })
})

describe('a far port that cannot be had', () => {
  test('names the program that holds it and offers a free one', async () => {
    const address = await tcp()
    const pid = await holdPort(address.port)
    const { link, listener } = listening(await startOwnSshd(), address)
    const state = await listenerStateOf(listener, 'failed')
    expect(state.cause).toMatchObject({ code: 'ssh.remote-port-taken', recovery: 'user' })
    expect(state.cause.message).toContain(`process ${pid}`)
    expect(state.otherPort).toBeGreaterThan(address.port)
    expect(link.state.phase).toBe('connected')
  })

  test('does not offer one that a connection on its way out has', async () => {
    const { port, outgoing } = await portBelowConnection()
    await holdPort(port)
    const { link, listener } = listening(await startOwnSshd(), { kind: 'tcp', host: '127.0.0.1', port })
    const { otherPort = 0 } = await listenerStateOf(listener, 'failed')
    expect(otherPort).toBeGreaterThan(outgoing)
    const other = link.listen({ kind: 'tcp', host: '127.0.0.1', port: otherPort }, greet)
    await listenerStateOf(other, 'listening')
  })

  test('because a connection on its way out has it is no matter of permission', async () => {
    const { outgoing } = await portBelowConnection()
    const { listener } = listening(await startOwnSshd(), { kind: 'tcp', host: '127.0.0.1', port: outgoing })
    const state = await listenerStateOf(listener, 'failed')
    expect(state.cause.code).toBe('ssh.remote-port-taken')
    expect(state.otherPort).toBeGreaterThan(outgoing)
  })

  test('does no harm when the connection is cut while somebody looks who holds it', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => void unhandled.push(error)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))
    const address = await tcp()
    await holdPort(address.port)
    // Looking takes longer than the connection lives.
    const server = await startOwnSshd(['ForceCommand /bin/sleep 60'])
    const { link, listener } = listening(server, address)
    await expect.poll(() => server.log(), { timeout: 5_000 }).toContain('/bin/sleep 60')
    await stateOf(link, 'connected')
    await server.stop()
    await stateOf(link, 'reconnecting')
    await new Promise(setImmediate)
    expect([unhandled, listener.state.phase]).toEqual([[], 'off'])
  })

  test('is asked for again on "retry now"', async () => {
    const address = await tcp()
    const pid = await holdPort(address.port)
    const { link, listener } = listening(await startOwnSshd(), address)
    await listenerStateOf(listener, 'failed')
    await stateOf(link, 'connected')
    process.kill(pid, 'SIGKILL')
    await waitUntil(async () => !(await accepts('127.0.0.1', address.port)), 5_000)
    link.retryNow()
    await listenerStateOf(listener, 'listening')
  })

  test('offers another port also to an account without a shell', async () => {
    const address = await tcp()
    await holdPort(address.port)
    const { listener } = listening(await startOwnSshd(['ForceCommand /bin/false']), address)
    const state = await listenerStateOf(listener, 'failed')
    expect(state.cause.code).toBe('ssh.remote-port-taken')
    expect(state.otherPort).toBeGreaterThan(address.port)
  })

  test.each(['AllowTcpForwarding no', 'AllowTcpForwarding local', 'PermitListen 127.0.0.1:1'])(
    'because of "%s" is told apart from a port that is taken',
    async (line) => {
      const { listener } = listening(await startOwnSshd([line]), await tcp())
      const { cause } = await listenerStateOf(listener, 'failed')
      expect(cause).toMatchObject({ code: 'ssh.forwarding-refused', recovery: 'user' })
    },
  )
})

describe('a far socket path', () => {
  test('that holds a plain file is left alone', async () => {
    const server = await startOwnSshd()
    const path = join(server.dir, 'notes.txt')
    await writeFile(path, 'precious')
    const { listener } = listening(server, { kind: 'socket', path })
    const { cause } = await listenerStateOf(listener, 'failed')
    expect(cause.code).toBe('ssh.remote-port-taken')
    await access(path)
  })

  test('that a dead program left behind is taken over', async () => {
    const server = await startOwnSshd()
    const path = join(server.dir, 'stale.sock')
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('ready'))`,
    ])
    await once(child.stdout, 'data')
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await access(path)
    const { listener } = listening(server, { kind: 'socket', path })
    await listenerStateOf(listener, 'listening', 5_000)
    expect(await talk({ path })).toBe('hello from the laptop')
  })

  test('that a living program serves is not taken from it', async () => {
    const server = await startOwnSshd()
    const path = join(server.dir, 'busy.sock')
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('ready'))`,
    ])
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    const { listener } = listening(server, { kind: 'socket', path })
    const { cause } = await listenerStateOf(listener, 'failed')
    expect(cause.message).toContain(`process ${child.pid}`)
    await access(path)
  })
})

test('a killed bridge leaves nothing listening on the far side', async () => {
  const server = await startOwnSshd()
  const { port } = await tcp()
  const plan = { vm: resolvedHost(server), relay: resolvedHost(server), listenPort: port, targetPort: 1 }
  const bridge = spawn(process.execPath, [
    join(import.meta.dirname, '../../../bench/support/chain-bridge.ts'),
    JSON.stringify(plan),
  ])
  onTestFinished(() => void bridge.kill('SIGKILL'))
  await once(bridge.stdout, 'data')
  expect(await accepts('127.0.0.1', port)).toBe(true)
  bridge.kill('SIGKILL')
  await expect.poll(() => accepts('127.0.0.1', port), { timeout: 5_000 }).toBe(false)
  await expect.poll(() => server.sessionPids()).toEqual([])
})
