import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { DirectEgress } from '../../../../src/main/egress/direct/direct-egress.ts'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'
import type { Lookup } from '../../../../src/node/address-policy/lookups.ts'

/** A name server that gives the next of these addresses with each question, and lets nobody keep an answer. */
async function startNameServer(addresses: readonly string[]): Promise<{ lookup: Lookup; asked(): number }> {
  let asked = 0
  const server = createSocket('udp4', (question, { address, port }) => {
    const answer = addresses[Math.min(asked, addresses.length - 1)] ?? ''
    asked += 1
    // RFC 1035 §4.1: the question comes back with one A record whose name is a pointer to it and whose TTL is 0.
    const head = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
    const name = question.subarray(12, question.indexOf(0, 12) + 5)
    const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...answer.split('.').map(Number)]
    server.send(Buffer.concat([head, name, Buffer.from(record)]), port, address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${server.address().port}`])
  const lookup: Lookup = async (name) =>
    (await resolver.resolve4(name)).map((address) => ({ address, family: 4 }))
  return { lookup, asked: () => asked }
}

test('a name that leads into the own network the second time is reached where it was checked, or not at all', async () => {
  const visited: (string | undefined)[] = []
  const host = createServer((socket) => {
    visited.push(socket.localAddress)
    socket.on('error', () => undefined).end('hello')
  })
  host.listen(0, '0.0.0.0')
  await once(host, 'listening')
  onTestFinished(() => void host.close())
  const { port } = host.address() as { port: number }
  const { lookup, asked } = await startNameServer(['127.0.0.2', '127.0.0.1'])
  const egress = new DirectEgress({ policy: createAddressPolicy(['127.0.0.2']), lookup })
  onTestFinished(() => egress.close(0))
  const connect = () => egress.connect({ host: 'rebind.example', port }, new AbortController().signal)

  const stream = await connect()
  await once(stream.resume(), 'end')
  stream.destroy()
  expect({ visited, asked: asked() }).toEqual({ visited: ['127.0.0.2'], asked: 1 })

  await expect(connect()).rejects.toMatchObject({
    code: 'egress.denied',
    message: expect.stringContaining('127.0.0.1') as string,
  })
  expect({ visited, asked: asked() }).toEqual({ visited: ['127.0.0.2'], asked: 2 })
})
