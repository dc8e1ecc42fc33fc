import { expect, onTestFinished, test, vi } from 'vitest'
import { createMtlsEgress } from '../../../src/main/egress/mtls/mtls-egress.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { createLogger } from '../../../src/node/log.ts'
import type { TunnelState } from '../../../src/shared/state/egress.ts'
import { freePort } from '../../support/free-port.ts'
import { makeOwnCerts } from '../../support/make-certs.ts'

test('a tunnel that is dialled again and again tells since when it is down, and why, also meanwhile', async () => {
  const certs = await makeOwnCerts(onTestFinished)
  const { cert, key } = await certs.issue('laptop')
  const port = await freePort()
  const states: TunnelState[] = []
  const egress = createMtlsEgress({
    server: async () => ({ host: '127.0.0.1', port }),
    serverName: 'sovereign-tunnel-server',
    tls: { ca: certs.ca, cert, key },
    protocol: 'h2',
    ambient: REAL_AMBIENT,
    log: createLogger('test', 'silent'),
    onState: (state) => states.push(state),
  })
  onTestFinished(() => egress.close(0))
  egress.start()
  await vi.waitFor(() => expect(states.length).toBeGreaterThan(3), { timeout: 10_000 })
  const [first, lost, again, still] = states
  expect(first).toEqual({ phase: 'connecting', since: expect.any(Number), server: `127.0.0.1:${port}` })
  if (lost?.phase !== 'reconnecting') throw new Error(`It is ${lost?.phase} after the first attempt.`)
  expect(lost.cause.code).toBe('tunnel.down')
  expect(again).toMatchObject({
    phase: 'connecting',
    outage: { since: lost.since, cause: { code: 'tunnel.down' } },
  })
  expect(still).toMatchObject({ phase: 'reconnecting', since: lost.since, attempt: 2 })
})
