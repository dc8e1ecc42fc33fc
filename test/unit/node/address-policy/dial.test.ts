import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'
import { checkedAddresses } from '../../../../src/node/address-policy/checked-addresses.ts'
import { dial } from '../../../../src/node/address-policy/dial.ts'
import type { Lookup } from '../../../../src/node/address-policy/lookups.ts'

const LOOPBACK = createAddressPolicy(['127.0.0.0/8'])
const NEVER = new AbortController().signal

function answers(...addresses: readonly string[]): Lookup {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
}

async function startServer(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('here'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { server, port: (server.address() as { port: number }).port }
}

test('only the addresses that may be reached are left of a name that has several', async () => {
  const lookup = answers('10.0.0.1', '127.0.0.1', '169.254.169.254', '::1')
  expect(await checkedAddresses('mixed.example', LOOPBACK, lookup)).toEqual([
    { address: '127.0.0.1', family: 4 },
  ])
})

test('a name whose second answer is another one is connected to the address that was checked', async () => {
  const { port } = await startServer()
  let asked = 0
  const lookup: Lookup = async () => {
    asked += 1
    return [{ address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]
  }
  const socket = await dial({ host: 'rebinding.example', port }, { policy: LOOPBACK, lookup }, NEVER)
  onTestFinished(() => void socket.destroy())
  expect(socket.remoteAddress).toBe('127.0.0.1')
  expect(asked).toBe(1)
})

test('a name without an address that may be reached is refused', async () => {
  const lookup = answers('10.0.0.1', 'fd00:ec2::254')
  await expect(
    dial({ host: 'inner.example', port: 80 }, { policy: LOOPBACK, lookup }, NEVER),
  ).rejects.toMatchObject({
    code: 'egress.denied',
    message: expect.stringContaining('inner.example (10.0.0.1)'),
  })
})

test('the second address is tried when the first one refuses', async () => {
  const { port } = await startServer()
  const lookup = answers('127.0.0.9', '127.0.0.1')
  const socket = await dial({ host: 'two.example', port }, { policy: LOOPBACK, lookup }, NEVER)
  onTestFinished(() => void socket.destroy())
  expect(socket.remoteAddress).toBe('127.0.0.1')
})

test('a name that never resolves is given up in time', async () => {
  const lookup: Lookup = () => new Promise(() => undefined)
  await expect(
    dial({ host: 'slow.example', port: 80 }, { policy: LOOPBACK, lookup, timeoutMs: 30 }, NEVER),
  ).rejects.toMatchObject({ code: 'egress.timeout' })
})

test('an address that may be reached may still be objected to', async () => {
  const { port } = await startServer()
  const objection = () => new Error('not there') as never
  await expect(dial({ host: '127.0.0.1', port }, { policy: LOOPBACK, objection }, NEVER)).rejects.toThrow(
    'not there',
  )
})
