import { describe } from 'vitest'
import { startTunnelSetUp } from '../../support/start-tunnel-set-up.ts'
import { packageClients } from './package-clients.ts'

describe.each([
  ['directly', { use: 'direct' }],
  ['through the tunnel over HTTP/2', { protocol: 'h2' }],
  ['through the tunnel in envelopes', { protocol: 'envelopes' }],
] as const)('out %s', (_way, options) => {
  packageClients((connectPorts) => startTunnelSetUp({ connectPorts, ...options }))
})
