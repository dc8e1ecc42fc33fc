import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { Lookup } from '../../../../src/node/address-policy/lookups.ts'
import { proxyWays, WAYS } from '../../../support/proxy-ways.ts'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { startBytes, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

const run = promisify(execFile)
const startProxyBy = proxyWays()
const ASCII = 'xn--mnchen-3ya.example'
const CLOSED = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'

/** Knows this one name, as the resolver of a system has it: in ASCII. */
function knowing(name: string): { readonly lookup: Lookup; readonly asked: readonly string[] } {
  const asked: string[] = []
  const lookup: Lookup = async (wanted) => {
    asked.push(wanted)
    if (wanted !== name) throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' })
    return [{ address: '127.0.0.1', family: 4 }]
  }
  return { lookup, asked }
}

async function tunnelled(port: number, authority: string, said: string): Promise<string> {
  const client = await openRaw(port)
  onTestFinished(() => void client.destroy())
  let heard = ''
  client.on('data', (data: Buffer) => {
    heard += data.toString('latin1')
  })
  client.write(Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`))
  await waitUntil(() => heard.includes('\r\n\r\n') || client.closed, 10_000, 2)
  if (!client.closed) {
    client.end(said)
    await once(client, 'close')
  }
  return heard
}

test.for(WAYS)('CONNECT leads to an IPv6 literal in brackets (%s)', async (way, { skip }) => {
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all)
  skip(!addresses.some(({ address }) => address === '::1'), 'NOT TESTED: this machine has no ::1')
  const families: (string | undefined)[] = []
  const { port: hostPort } = await startBytes((socket) => {
    families.push(socket.localFamily)
    socket.pipe(socket)
  }, '::1')
  const { port } = await startProxyBy(way)
  expect(await tunnelled(port, `[::1]:${hostPort}`, 'over IPv6')).toMatch(
    /^HTTP\/1\.1 200 .*\r\n\r\nover IPv6$/s,
  )
  expect(families).toEqual(['IPv6'])
})

test.each(WAYS)('a name in another script is reached by its ASCII form (%s)', async (way) => {
  const host = await startScripted(CLOSED)
  const { lookup, asked } = knowing(ASCII)
  const { port } = await startProxyBy(way, { lookup })
  for (const name of [ASCII, ASCII.toUpperCase()]) {
    const authority = `${name}:${host.port}`
    const head = `HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`
    expect(await rawHttp(port, `GET http://${authority}/ ${head}`)).toMatch(
      /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s,
    )
    expect(await tunnelled(port, authority, `GET / ${head}`)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nok$/s)
  }
  expect(asked.length).toBeGreaterThan(0)
  expect(new Set(asked)).toEqual(new Set([ASCII]))
  expect(host.heard.length).toBe(4)
})

test.for(WAYS)(
  'curl gets to a name as people write it, which it writes in ASCII itself (%s)',
  async (way, { skip }) => {
    const { stdout: features } = await run('curl', ['--version'])
    skip(!/^Features:.* IDN\b/m.test(features), 'NOT TESTED: this curl does not know names in other scripts')
    const host = await startScripted(CLOSED)
    const { lookup, asked } = knowing(ASCII)
    const { url } = await startProxyBy(way, { lookup })
    for (const by of ['--proxy', '--proxytunnel'])
      for (const name of ['münchen.example', 'MÜNCHEN.example', ASCII]) {
        const args = ['--silent', '--show-error', '--proxy', url, ...(by === '--proxy' ? [] : [by])]
        const { stdout } = await run('curl', [...args, `http://${name}:${host.port}/`], {
          env: { LC_ALL: 'C.UTF-8' },
        })
        expect(stdout).toBe('ok')
      }
    expect(new Set(asked)).toEqual(new Set([ASCII]))
    expect(host.heard.every((head) => head.includes(`Host: ${ASCII}:${host.port}\r\n`))).toBe(true)
  },
)

/** The UTF-8 of ê is two letters in Latin-1 as well: whoever read it so would go to another host. */
test.each(WAYS.flatMap((way) => ['münchen.example', 'ê.example'].map((name) => [name, way] as const)))(
  '%s in bytes that HTTP does not have is refused, and never taken for another name (%s)',
  async (name, way) => {
    const { lookup, asked } = knowing(ASCII)
    const { port } = await startProxyBy(way, { lookup })
    const refused = /^HTTP\/1\.1 400 .*\r\nX-Bridge-Error: proxy\.bad-request\r\n/s
    const head = `HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`
    expect(await rawHttp(port, Buffer.from(`GET http://${name}/ ${head}`))).toMatch(refused)
    expect(await tunnelled(port, `${name}:443`, '')).toMatch(refused)
    expect(asked).toEqual([])
  },
)
