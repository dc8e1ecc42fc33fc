import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Egress } from '../../../../src/main/egress/egress.ts'
import { TunnelWay } from '../../../../src/main/egress/tunnel-way.ts'
import { REAL_AMBIENT } from '../../../../src/node/ambient.ts'
import { createLogger } from '../../../../src/node/log.ts'
import type { MtlsSettings } from '../../../../src/shared/settings/egress.ts'
import { freePort } from '../../../support/free-port.ts'
import { makeOwnCerts } from '../../../support/make-certs.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'
import { rawHttp } from '../../../support/raw-http.ts'
import { startLaptopTunnel } from '../../../support/start-laptop-tunnel.ts'
import { startProxy } from '../../../support/start-proxy.ts'
import { tunnelFixture } from '../../../support/tunnel-fixture.ts'

// What a program is told whose request fails because of the way out, and not of where it wanted to go.

const { certs, makeAgent, startServer } = tunnelFixture()

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly type: string | undefined
}

/** To a tunnel, a request without a body and one with one. */
async function answersThrough(egress: Egress, target = 'shop.example:80'): Promise<readonly Answer[]> {
  const { port } = await startProxy({ egress })
  const answers: Answer[] = []
  for (const request of [
    `CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET http://${target}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    `POST http://${target}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx`,
  ]) {
    const answer = await rawHttp(port, request)
    answers.push({
      status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]),
      code: /^x-bridge-error: (.+)\r$/im.exec(answer)?.[1],
      type: /^proxy-status: sovereign-bridge; error=([a-z_]+); details="/im.exec(answer)?.[1],
    })
  }
  return answers
}

function thrice(status: number, code: string, type: string): readonly Answer[] {
  return Array(3).fill({ status, code, type })
}

async function startWay(settings: MtlsSettings): Promise<TunnelWay> {
  const way = new TunnelWay({
    settings,
    owner: () => 'laptop',
    historyFile: join(await makeTempDir('broken-way-'), 'wake.json'),
    ambient: REAL_AMBIENT,
    log: createLogger('test', 'silent'),
    onState: () => undefined,
  })
  onTestFinished(() => way.close(0))
  return way
}

test('a certificate of this computer that has ended is a fault of its configuration', async () => {
  const old = await makeOwnCerts(onTestFinished, Date.now() - 200 * 86_400_000)
  const { egress } = makeAgent(await startServer(), { tls: { ca: old.ca, ...(await old.issue('laptop')) } })
  expect(await answersThrough(egress)).toEqual(thrice(503, 'certs.expired', 'proxy_configuration_error'))
})

test('a key of this computer that is of another certificate is a fault of its configuration', async () => {
  const { key } = await certs.authority.issue('other')
  const { egress } = makeAgent(await startServer(), { tls: { ca: certs.ca, cert: certs.agent.cert, key } })
  expect(await answersThrough(egress)).toEqual(thrice(503, 'certs.invalid', 'proxy_configuration_error'))
})

test('a server of another authority is a fault of its certificate', async () => {
  const other = await makeOwnCerts(onTestFinished)
  const { egress } = makeAgent(await startServer(), { tls: { ca: other.ca, ...certs.agent } })
  expect(await answersThrough(egress)).toEqual(thrice(502, 'tunnel.not-trusted', 'tls_certificate_error'))
})

test('a server that does not allow this computer has answered with an alert', async () => {
  const { egress } = makeAgent(await startServer({ readAllow: async () => ['sovereign://agent/other'] }))
  expect(await answersThrough(egress)).toEqual(thrice(502, 'tunnel.rejected', 'tls_alert_received'))
})

test('a server where nothing listens is unavailable', async () => {
  const { egress } = makeAgent({ port: await freePort() })
  expect(await answersThrough(egress)).toEqual(thrice(503, 'tunnel.down', 'destination_unavailable'))
})

test('what the server could not connect to keeps its cause on the way back', async () => {
  const { egress } = makeAgent(await startServer())
  const refused = thrice(502, 'egress.refused', 'connection_refused')
  expect(await answersThrough(egress, `127.0.0.1:${await freePort()}`)).toEqual(refused)
  const denied = thrice(403, 'egress.denied', 'destination_ip_prohibited')
  expect(await answersThrough(makeAgent(await startServer()).egress, '10.0.0.1:80')).toEqual(denied)
})

test('a server that is still being started has run out of time', async () => {
  const now = Date.now()
  const { settings } = await startLaptopTunnel({ now: () => now, stageMs: 60_000 })
  const way = await startWay({ ...settings, holdSeconds: 0.1 })
  expect(await answersThrough(way)).toEqual(thrice(504, 'control.wake-timeout', 'connection_timeout'))
})

test('a provider that refuses this computer is a fault of its configuration', async () => {
  const { aws, settings } = await startLaptopTunnel()
  aws.addUser('AKIALAPTOP', 'another secret than that of the laptop')
  const way = await startWay(settings)
  expect(await answersThrough(way)).toEqual(thrice(503, 'control.refused', 'proxy_configuration_error'))
})

test('a provider that cannot start the server leaves it unavailable', async () => {
  const { aws, settings } = await startLaptopTunnel()
  aws.deny('UpdateService')
  const way = await startWay(settings)
  expect(await answersThrough(way)).toEqual(thrice(503, 'control.failed', 'destination_unavailable'))
})
