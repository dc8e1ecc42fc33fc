import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Client, type ConnectConfig } from 'ssh2'
import { expect, onTestFinished, test } from 'vitest'
import { speedUpCipher, speedUpDecipher } from '../../../src/main/ssh/fast-cipher.ts'
import { protocolOf, sendKeepalive } from '../../../src/main/ssh/ssh2-internals.ts'
import { echo, resolvedHost, startTcpServer } from '../../support/make-link.ts'
import { connectLink, startOwnSshd } from '../../support/start-link.ts'

/** These tests fail when an update of ssh2 moves what src/main/ssh/ssh2-internals.ts and fast-cipher.ts rely on. */

async function clientOf(algorithms: ConnectConfig['algorithms'] = {}): Promise<Client> {
  const server = await startOwnSshd()
  const client = new Client()
  onTestFinished(() => void client.destroy())
  client.connect({
    host: server.host,
    port: server.port,
    username: server.userName,
    privateKey: await readFile(server.clientKeyFile),
    algorithms,
  })
  await once(client, 'ready')
  return client
}

const GCM: ConnectConfig['algorithms'] = { cipher: ['aes128-gcm@openssh.com'] }

test('a keepalive is answered, and a dead connection says so', async () => {
  const client = await clientOf()
  const alive = Promise.withResolvers<boolean>()
  sendKeepalive(client, alive.resolve)
  expect(await alive.promise).toBe(true)
  const dead = Promise.withResolvers<boolean>()
  sendKeepalive(client, dead.resolve)
  client.destroy()
  expect(await dead.promise).toBe(false)
})

test.each(['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'] as const)('%s is sped up', async (cipher) => {
  const fast = protocolOf(await clientOf({ cipher: [cipher] }))
  // Where ssh2's addon could be compiled and loaded, ssh2 is fast by itself.
  const isWithoutAddon = !('_instance' in fast._cipher)
  expect([speedUpCipher(fast._cipher), speedUpDecipher(fast._decipher)]).toEqual([
    isWithoutAddon,
    isWithoutAddon,
  ])
})

test('other ciphers are left to ssh2', async () => {
  const plain = protocolOf(await clientOf({ cipher: ['aes128-ctr'] }))
  expect([speedUpCipher(plain._cipher), speedUpDecipher(plain._decipher)]).toEqual([false, false])
})

test('a packet that was tampered with ends the connection', async () => {
  const client = await clientOf(GCM)
  const protocol = protocolOf(client)
  speedUpDecipher(protocol._decipher)
  const decipher = protocol._decipher as { decrypt(data: Buffer, position: number, length: number): unknown }
  const forged = Buffer.alloc(4 + 32 + 16, 7)
  forged.writeUInt32BE(32, 0)
  expect(() => decipher.decrypt(forged, 0, forged.length)).toThrow(/authenticate/)
  const absurd = Buffer.alloc(64, 0xff)
  expect(() => decipher.decrypt(absurd, 0, absurd.length)).toThrow()
})

test('bytes survive many exchanges of keys on the way', async () => {
  const server = await startOwnSshd(['RekeyLimit 1M'])
  const link = await connectLink(resolvedHost(server))
  const { port } = await startTcpServer(echo, onTestFinished)
  const channel = await link.openChannel({ host: '127.0.0.1', port })
  const sent = Buffer.alloc(4 * 1024 * 1024, 'abcdefghijklmnopqrstuvwxyz')
  channel.end(sent)
  expect((await buffer(channel)).equals(sent)).toBe(true)
})

test.each(['aes128-ctr', 'aes256-ctr', 'aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com'])(
  'a server that only speaks %s is understood',
  async (cipher) => {
    const server = await startOwnSshd([`Ciphers ${cipher}`])
    const link = await connectLink(resolvedHost(server))
    const { port } = await startTcpServer(echo, onTestFinished)
    const channel = await link.openChannel({ host: '127.0.0.1', port })
    channel.end('hello')
    expect((await buffer(channel)).toString()).toBe('hello')
  },
)

test('frames are cut and joined anywhere by the network', async () => {
  // A slow relay that passes one byte, then two, then three…
  const server = await startOwnSshd()
  const relay = await startTcpServer((socket) => {
    const upstream = connect(server.port, server.host)
    upstream.on('error', () => undefined)
    socket.pipe(upstream)
    let size = 1
    upstream.on('data', (data: Buffer) => {
      for (let start = 0; start < data.length; start += size, size = (size % 97) + 1) {
        socket.write(data.subarray(start, start + size))
      }
    })
    socket.on('close', () => upstream.destroy())
  }, onTestFinished)
  const link = await connectLink(
    resolvedHost(server, { port: relay.port, hostKeyAlias: `[${server.host}]:${server.port}` }),
  )
  const { stdout } = await link.exec('head -c 100000 /dev/zero | tr "\\0" x')
  expect(stdout).toBe('x'.repeat(100_000))
})
