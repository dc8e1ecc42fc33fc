import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { pacFile } from '../../../../../src/main/agent/proxy/pac.ts'

/** As browsers run it; isInNet is theirs. */
function find(bypass: readonly string[], url: string): string {
  const isInNet = (host: string, network: string, mask: string): boolean => {
    const number = (text: string): number =>
      text.split('.').reduce((all, part) => all * 256 + Number(part), 0)
    return (number(host) & number(mask)) === (number(network) & number(mask))
  }
  const { hostname } = new URL(url)
  const sandbox: { FindProxyForURL?: (url: string, host: string) => string } = { isInNet } as never
  runInNewContext(pacFile('127.0.0.1:8080', bypass), sandbox)
  return sandbox.FindProxyForURL?.(url, hostname) ?? ''
}

const PROXY = 'PROXY 127.0.0.1:8080'

test.each([
  ['http://example.org/', PROXY],
  ['https://example.org/', PROXY],
  ['wss://example.org/', PROXY],
  ['ftp://example.org/', 'DIRECT'],
  ['http://localhost:3000/', 'DIRECT'],
  ['http://app.localhost/', 'DIRECT'],
  ['http://127.0.0.2/', 'DIRECT'],
  ['http://[::1]/', 'DIRECT'],
  ['http://127.evil.example/', PROXY],
  ['http://10.1.2.3/', PROXY],
])('%s goes %s without a bypass list', (url, way) => {
  expect(find([], url)).toBe(way)
})

test.each([
  ['nas.lan', 'http://nas.lan/', 'DIRECT'],
  ['NAS.lan.', 'http://NAS.LAN./', 'DIRECT'],
  ['nas.lan', 'http://x.nas.lan/', PROXY],
  ['*.lan', 'http://a.b.lan/', 'DIRECT'],
  ['*.lan', 'http://lan/', PROXY],
  ['*.lan', 'http://evillan/', PROXY],
  ['10.0.0.0/8', 'http://10.200.3.4/', 'DIRECT'],
  ['10.0.0.0/8', 'http://11.0.0.1/', PROXY],
  ['10.0.0.0/8', 'http://10.evil.example/', PROXY],
  ['192.168.1.5', 'http://192.168.1.5/', 'DIRECT'],
  ['[fd00::5]', 'http://[fd00::5]/', 'DIRECT'],
  ['*', 'http://example.org/', 'DIRECT'],
  ['fd00::/8', 'http://[fd12:3456::1]/', 'DIRECT'],
  ['fd00::/8', 'http://[fe12::1]/', PROXY],
  ['[2001:db8:1::]/47', 'http://[2001:db8:1:ffff::]/', 'DIRECT'],
  ['[2001:db8:1::]/47', 'http://[2001:db8:2::]/', PROXY],
  ['2001:db8::5/128', 'http://[2001:db8:0:0::5]/', 'DIRECT'],
  ['2001:db8::5/128', 'http://[2001:db8::6]/', PROXY],
  ['::/0', 'http://[2001:db8::6]/', 'DIRECT'],
  ['::/0', 'http://10.0.0.1/', PROXY],
  ['::/0', 'http://fd00.example/', PROXY],
  ['::ffff:0:0/96', 'http://[::ffff:192.0.2.1]/', 'DIRECT'],
])('with %s bypassed, %s goes %s', (pattern, url, way) => {
  expect(find([pattern], url)).toBe(way)
})
