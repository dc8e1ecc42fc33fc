import { expect, test } from 'vitest'
import { checkHosts, type HostPolicy } from '../../../../src/relay/server/host-policy.ts'

const POLICY: HostPolicy = {
  allowedHosts: new Set(['host.docker.internal']),
  allowsAddresses: true,
  ownsName: (name) => name === 'relay.example',
}
const BASE = 'x-sovereign-base-host'

test.each([
  { host: 'localhost:8080' },
  { host: '10.0.0.5:8080' },
  { host: 'relay.example' },
  { host: 'relay.example', origin: 'https://relay.example' },
  { host: 'relay.example', [BASE]: 'localhost:8080' },
  { host: 'relay.example', [BASE]: 'host.docker.internal:8080' },
  { host: 'relay.example', [BASE]: 'localhost:8080', origin: 'http://localhost:8080' },
])('%j is let in', (headers) => {
  expect(() => checkHosts(headers, POLICY)).not.toThrow()
})

test.each([
  { host: 'evil.example' },
  { host: '10.0.0.5:8080', origin: 'https://evil.example' },
  { host: 'relay.example', origin: 'https://evil.example' },
  { host: 'relay.example', 'sec-fetch-site': 'cross-site' },
  // A page under a name that leads here for the moment can add any header to what it asks of itself.
  { host: 'evil.example', [BASE]: 'localhost:8080' },
  { host: 'relay.example', [BASE]: 'evil.example' },
  { host: 'relay.example', [BASE]: '10.0.0.5' },
  { host: 'relay.example', [BASE]: 'localhost:8080', origin: 'http://evil.example' },
])('%j is refused', (headers) => {
  expect(() => checkHosts(headers, POLICY)).toThrow(/not this relay|A web page sent this/)
})

test('an address in Host is foreign to a relay that listens on loopback only', () => {
  expect(() => checkHosts({ host: '10.0.0.5' }, { ...POLICY, allowsAddresses: false })).toThrow(/10\.0\.0\.5/)
})
