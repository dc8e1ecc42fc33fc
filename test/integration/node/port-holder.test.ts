import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePortNear, parseLsof, parseNetstat, portHolder } from '../../../src/node/port-holder.ts'
import { listeningInodes } from '../../../src/node/port-holder-linux.ts'
import { startPortHolder } from '../../support/start-port-holder.ts'

async function listen(host: string, port = 0): Promise<number> {
  const server = createServer()
  onTestFinished(() => {
    server.close()
  })
  server.listen(port, host)
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

describe.runIf(process.platform === 'linux')('who holds a port, on Linux', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::1', '::1'],
    ['127.0.0.1', 'localhost'],
  ])('a program that listens on %s is found when %s was wanted', async (held, wanted) => {
    const holder = await startPortHolder(onTestFinished, { host: held, args: ['--api-key=abc123'] })
    const found = await portHolder(wanted, holder.port)
    expect(found).toMatchObject({ pid: holder.pid })
    expect(found?.command).toContain('node')
    expect(found?.command).not.toContain('abc123')
  })

  test('nobody holds a port of another address or a free one', async () => {
    const holder = await startPortHolder(onTestFinished, { host: '127.0.0.2' })
    expect(await portHolder('127.0.0.1', holder.port)).toBeUndefined()
    await holder.stop()
    expect(await portHolder('127.0.0.2', holder.port)).toBeUndefined()
  })

  test('this program is found too', async () => {
    const port = await listen('127.0.0.1')
    expect(await portHolder('127.0.0.1', port)).toMatchObject({ pid: process.pid })
  })
})

test('a free port near a taken one can be listened on', async () => {
  const taken = await listen('127.0.0.1')
  const other = await freePortNear('127.0.0.1', taken)
  expect(other).not.toBe(taken)
  expect(Math.abs(Number(other) - taken)).toBeLessThanOrEqual(100)
  expect(await listen('127.0.0.1', other)).toBe(other)
})

test('an address that this machine does not have has no free port', async () => {
  expect(await freePortNear('192.0.2.1', 8080)).toBeUndefined()
})

test('lines of /proc/net/tcp are read by state, port and address', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100
   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 20
   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100`
  expect(listeningInodes(table, '127.0.0.1', 8080)).toEqual(new Set(['111']))
  expect(listeningInodes(table, '127.0.0.2', 8080)).toEqual(new Set())
})

test('lsof output is read as macOS prints it', () => {
  expect(parseLsof('p4711\ncnode\nf20\n')).toEqual({ pid: 4711, name: 'node' })
  expect(parseLsof('')).toBeUndefined()
})

test('netstat output is read as Windows prints it, in any language', () => {
  const text = `
  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    127.0.0.1:8080         127.0.0.1:50123        HERGESTELLT     1000
  TCP    127.0.0.1:18080        0.0.0.0:0              ABHÖREN         1001
  TCP    127.0.0.1:8080         0.0.0.0:0              ABHÖREN         1002
`
  expect(parseNetstat(text, 8080)).toBe(1002)
  expect(parseNetstat(text, 9090)).toBeUndefined()
})
