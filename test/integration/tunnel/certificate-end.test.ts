import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { TunnelWay } from '../../../src/main/egress/tunnel-way.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { createLogger, recentLogLines } from '../../../src/node/log.ts'
import { egressSettings } from '../../../src/shared/settings/egress.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { makeTestAgent, makeTunnelCerts, startTestServer } from '../../support/start-tunnel.ts'

const DAY = 86_400_000

test('the end of the certificate of this agent is warned of when it connects, and each day while it goes on', async () => {
  const certs = await makeTunnelCerts(onTestFinished)
  const agent = await certs.authority.issue('soon', { days: 10 })
  const server = await startTestServer(certs)
  onTestFinished(() => server.close(0))
  let laterMs = 0
  const ambient = { ...REAL_AMBIENT, now: () => Date.now() + laterMs }
  const log = createLogger('tunnel-agent', 'silent')
  const ends: number[] = []
  const onCertificate = (endsAt: number): void => void ends.push(endsAt)
  const { egress, states } = makeTestAgent({ ...certs, agent }, server, { ambient, log, onCertificate })
  onTestFinished(() => egress.close(0))
  const warned = () =>
    recentLogLines(log)
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
      .filter((text) => text.startsWith('the certificate of this agent expires'))
  egress.start()
  expect(await waitUntil(() => states.at(-1)?.phase === 'connected', 10_000)).toBe(true)
  expect(warned()).toEqual([expect.stringMatching(/expires in (?:9|10) days$/)])
  expect(ends).toEqual([expect.closeTo(Date.now() + 10 * DAY, -9)])
  laterMs = 3 * DAY
  const target = { host: '127.0.0.1', port: 1 }
  const asked = () => egress.connect(target, new AbortController().signal)
  await expect(asked()).rejects.toThrow()
  await expect(asked()).rejects.toThrow()
  expect(warned()).toEqual([expect.anything(), expect.stringMatching(/expires in [67] days$/)])
})

test('a certificate that is good for longer is not spoken of', async () => {
  const certs = await makeTunnelCerts(onTestFinished)
  const log = createLogger('tunnel-agent', 'silent')
  const { egress } = makeTestAgent(certs, { port: 1 }, { log })
  onTestFinished(() => egress.close(0))
  await egress.checkCertificates()
  expect(recentLogLines(log).join('\n')).not.toContain('expires in')
})

test('it is warned of at the start also where the server is asleep until a request wakes it', async () => {
  const certs = await makeTunnelCerts(onTestFinished)
  const { cert, key } = await certs.authority.issue('soon', { days: 10 })
  const log = createLogger('tunnel-agent', 'silent')
  const command = ['a-command-that-nobody-calls']
  const mtls = { server: '127.0.0.1:1', ca: certs.ca, cert, key, control: { kind: 'process', command } }
  const { mtls: settings } = egressSettings.parse({ mtls })
  if (settings === undefined) throw new Error('There is no tunnel in the settings.')
  const historyFile = join(certs.authority.dir, 'wake.json')
  const way = new TunnelWay({
    ...{ settings, historyFile, log, ambient: REAL_AMBIENT },
    owner: () => 'laptop',
    onState: () => undefined,
  })
  onTestFinished(() => way.close(0))
  way.start()
  const warned = () => recentLogLines(log).some((line) => /expires in (?:9|10) days/.test(line))
  expect(await waitUntil(warned, 10_000)).toBe(true)
  expect(way.certificateEndsAt).toEqual(expect.closeTo(Date.now() + 10 * DAY, -9))
})
