import { chmod, copyFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { VERSION } from '../../../src/node/version.ts'
import type { Check } from '../../../src/shared/protocol/diagnostics.ts'
import { freePort } from '../../support/free-port.ts'
import { startAuthority } from '../../support/make-certificates.ts'
import { makeOwnCerts } from '../../support/make-certs.ts'
import { startBridge, type TestBridge, type TestBridgeOptions } from '../../support/start-bridge.ts'
import { startWeb } from '../../support/start-hosts.ts'
import { startOllama } from '../../support/start-ollama.ts'
import { startTestRelay, type TestRelay } from '../../support/start-relay.ts'
import { type Sshd, startSshd, waitUntil } from '../../support/start-sshd.ts'

let host: Sshd
let relay: TestRelay

beforeAll(async () => {
  host = await startSshd()
  relay = await startTestRelay()
})
afterAll(async () => {
  await host.close()
  await relay.close()
})

function start(profile: TestBridgeOptions['profile']): Promise<TestBridge> {
  return startBridge({ teardown: onTestFinished, hosts: { pi: host, devbox: host }, profile })
}

/** `id status: detail` of everything that was looked at. */
async function look({ bridge }: TestBridge): Promise<Map<string, Check>> {
  const { checks } = await bridge.api.runChecks({})
  return new Map(checks.map((check) => [check.id, check]))
}

/** A relay at a URL that says of itself what the test wants. */
async function startOddRelay(health: object, date: Date): Promise<string> {
  const port = await startWeb((_request, response) => {
    response.setHeader('date', date.toUTCString())
    response.end(JSON.stringify(health))
  })
  return `http://127.0.0.1:${port}`
}

const HEALTH = {
  status: 'ok',
  relay: 'sovereign-bridge',
  version: '0.0.1',
  authenticated: false,
  upstreams: { copilot: false, openrouter: false },
  active: 0,
  uptime: 1,
}

describe('checks', () => {
  test('a chain that works has nothing to complain about', async () => {
    const ollama = await startOllama({ loaded: [] })
    const started = await start({
      relay: { ssh: 'pi', port: relay.port },
      clients: [{ name: 'vm', ssh: 'devbox', listen: `127.0.0.1:${await freePort()}` }],
      ollama: { url: ollama.url },
    })
    await started.bridge.connect()
    await started.state(({ clients }) => clients[0]?.path.kind === 'proven', 'proven path')
    const checks = await look(started)
    const bad = [...checks.values()].filter(({ id, status }) => status === 'failed' && id !== 'keychain')
    expect(bad).toEqual([])
    for (const id of ['agent', 'relay', 'relay.sign-in', 'relay.version', 'relay.clock', 'ollama'])
      expect(checks.get(id)).toMatchObject({ status: 'ok' })
    for (const part of ['link', 'listener', 'path'])
      expect(checks.get(`client.vm.${part}`)).toMatchObject({ status: 'ok' })
    expect(checks.get('ssh-config')).toMatchObject({
      detail: expect.stringMatching(/names 2 hosts/) as string,
    })
    expect(checks.get('disk')).toMatchObject({ status: 'skipped' })
    expect(checks.get('program')?.detail).toContain(`Sovereign Bridge ${VERSION} on Node 24`)
  })

  test('without a connection only what is local is looked at, and the rest is skipped', async () => {
    const checks = await look(await start({}))
    expect(checks.get('settings')).toMatchObject({ status: 'ok' })
    expect(checks.get('disk')).toMatchObject({ status: 'ok' })
    for (const id of ['agent', 'relay', 'relay.sign-in', 'relay.clock', 'ollama'])
      expect(checks.get(id)).toMatchObject({ status: 'skipped' })
  })

  test('a clock that is off by a day, an older relay and a missing sign-in are named', async () => {
    const url = await startOddRelay(HEALTH, new Date(Date.now() - 26 * 3_600_000))
    const started = await start({ relay: { url } })
    await started.bridge.connect()
    const checks = await look(started)
    expect(checks.get('relay.clock')).toMatchObject({
      status: 'failed',
      detail: 'The clock of the relay is 1 day 2 h behind the one here.',
      fix: expect.stringContaining('NTP') as string,
    })
    expect(checks.get('relay.version')).toMatchObject({
      status: 'warning',
      detail: `The relay is 0.0.1 and this bridge ${VERSION}.`,
    })
    expect(checks.get('relay.sign-in')).toMatchObject({ status: 'failed' })
  })

  test('what is no relay is said once, and what hangs on it is skipped', async () => {
    const url = await startOddRelay({ hello: true }, new Date())
    const started = await start({ relay: { url } })
    await started.bridge.connect()
    const checks = await look(started)
    expect(checks.get('relay')).toMatchObject({ status: 'failed', fix: expect.any(String) as string })
    expect(checks.get('relay.clock')).toMatchObject({ status: 'skipped' })
  })

  test('mistakes in the settings file and in the SSH configuration have their line', async () => {
    const started = await start({ clients: [{ name: 'vm', ssh: 'devbox', enabled: false }] })
    await writeFile(started.settingsPath, '{\n  "clients": 3\n}')
    await writeFile(`${started.dir}/ssh_config`, 'Host devbox\n  Port many\n')
    const checks = await look(started)
    expect(checks.get('settings')).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/settings\.json line 2: clients /) as string,
    })
    expect(checks.get('ssh-config')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('line 2') as string,
    })
  })
})

/** One of every kind that a bridge can come across. */
const PLANTED = {
  token: 'gho_16C7e42F292c6912E7710c838347Ae178B4a',
  key: 'sk-or-v1-0123456789abcdef0123456789abcdef',
  clientToken: 'sbc_Zx81kQw0_plantedClientToken',
  password: 'correct-horse-battery',
  hostName: 'build.corp.example',
  address: '192.0.2.77',
  v6: '2001:db8::77',
}

describe('the report', () => {
  test('holds what helps, and nothing of what was planted', async () => {
    const started = await start({
      relay: { ssh: { host: PLANTED.hostName, user: 'evelyn' } },
      clients: [{ name: 'secret project', ssh: `root@${PLANTED.address}:2222` }],
    })
    const { bridge, dir } = started
    await bridge.connect()
    const logged = { password: PLANTED.password, inner: { token: PLANTED.token } }
    bridge.log.info(logged, `${PLANTED.key} at ${PLANTED.hostName} for evelyn in ${dir}/x`)
    bridge.log.warn({ err: new Error(`Bearer ${PLANTED.clientToken} to [${PLANTED.v6}]:22`) }, 'planted')
    const report = await bridge.api.makeReport({})
    const unzipped = unzipSync(Buffer.from(report.zipBase64, 'base64'))
    const names = ['README.txt', 'about.json', 'checks.txt', 'state.json', 'settings.json', 'log.txt']
    expect(Object.keys(unzipped)).toEqual(names)
    for (const { name, text } of report.files) {
      expect(strFromU8(unzipped[name] ?? new Uint8Array())).toBe(text)
      for (const secret of [...Object.values(PLANTED), 'evelyn', 'secret project', dir]) {
        expect(`${name}: ${text}`).not.toContain(secret)
      }
    }
    const textOf = (name: string): string => report.files.find((file) => file.name === name)?.text ?? ''
    expect(textOf('log.txt')).toContain('planted')
    expect(JSON.parse(textOf('state.json'))).toMatchObject({ wanted: 'connected' })
    expect(textOf('settings.json')).toMatch(/"host": "host-\d"/)
    expect(report.files.find(({ name }) => name === 'log.txt')?.redactions).toBeGreaterThan(5)
    expect(report.fileName).toMatch(/^sovereign-bridge-report-\d{4}-\d\d-\d\d\.zip$/)
  })
})

describe('checks of the tunnel', () => {
  const egress = (ca: string, cert: string, key: string) => ({
    egress: { mtls: { server: '127.0.0.1:1', ca, cert, key } },
  })

  test.each([
    [365, 'ok', 'The certificate of this agent is good until '],
    [10, 'warning', 'The certificate of this agent ends in 10 days'],
    [-1, 'failed', 'The certificate of this agent expired on '],
  ] as const)('a certificate that has %i days left', async (days, status, detail) => {
    const authority = await startAuthority(onTestFinished)
    const { cert, key } = await authority.make({ days })
    const checks = await look(await start({ relay: { url: relay.url }, ...egress(authority.ca, cert, key) }))
    expect(checks.get('tunnel.certificate')).toMatchObject({
      status,
      detail: expect.stringContaining(detail),
    })
  })

  test('a certificate file that does not exist is named', async () => {
    const checks = await look(
      await start({ relay: { url: relay.url }, ...egress('/x/ca.pem', '/x/a.pem', '/x/a.key') }),
    )
    expect(checks.get('tunnel.certificate')).toMatchObject({
      status: 'failed',
      detail: '/x/ca.pem does not exist.',
    })
  })

  describe('whose server is asleep', () => {
    const asleep = (ca: string, cert: string, key: string) => {
      const control = { kind: 'webhook', url: 'http://127.0.0.1:1/', secretFile: '/nowhere/secret' }
      return { egress: { use: 'mtls', mtls: { ca, cert, key, control } } }
    }

    async function certificateOf(ca: string, cert: string, key: string): Promise<Check | undefined> {
      return (await look(await start(asleep(ca, cert, key)))).get('tunnel.certificate')
    }

    test('a key that is missing, that others may read, or of another certificate is what is wrong', async () => {
      const { ca, issue } = await makeOwnCerts(onTestFinished)
      const [own, other] = [await issue('laptop'), await issue('desk')]
      expect(await certificateOf(ca, own.cert, own.key)).toMatchObject({ status: 'ok' })
      expect(await certificateOf(ca, own.cert, '/x/a.key')).toMatchObject({
        status: 'failed',
        detail: '/x/a.key does not exist.',
      })
      expect(await certificateOf(ca, own.cert, other.key)).toMatchObject({
        status: 'failed',
        detail: `${other.key} is not the key of ${own.cert}.`,
      })
      if (process.platform === 'win32') return
      await chmod(own.key, 0o644)
      expect(await certificateOf(ca, own.cert, own.key)).toMatchObject({
        status: 'failed',
        detail: expect.stringContaining(`Permissions 0644 for ${own.key} are too open`) as string,
        fix: `Run "chmod 600 ${own.key}".`,
      })
    })

    test('it is said that nothing can wake it while its certificate is not good', async () => {
      const { ca, issue } = await makeOwnCerts(onTestFinished)
      const { cert, key } = await issue('laptop')
      const control = { kind: 'process', command: ['a-command-that-nobody-calls'] }
      const started = await start({
        egress: { use: 'mtls', mtls: { server: '127.0.0.1:1', ca, cert, key, control } },
      })
      await started.bridge.connect()
      const isAsleep = () => started.bridge.state.egress.tunnel.phase === 'asleep'
      expect(await waitUntil(isAsleep, 10_000)).toBe(true)
      expect((await look(started)).get('tunnel')).toMatchObject({ status: 'ok' })
      await rm(key)
      expect((await look(started)).get('tunnel')).toMatchObject({
        status: 'warning',
        detail: 'Its server is asleep, and no request can wake it with these certificates.',
      })
    })

    test('a certificate of another authority of the same name is told', async () => {
      const [ours, theirs] = [await makeOwnCerts(onTestFinished), await makeOwnCerts(onTestFinished)]
      const { cert, key } = await theirs.issue('laptop')
      expect(await certificateOf(ours.ca, cert, key)).toMatchObject({
        status: 'failed',
        detail: `${cert} is not signed by the authority in ${ours.ca}.`,
      })
    })
  })

  test('a revocation list of another authority, or past its end, is what is wrong', async () => {
    const DAY_MS = 86_400_000
    const [ours, theirs] = [
      await makeOwnCerts(onTestFinished, Date.now() - 200 * DAY_MS),
      await makeOwnCerts(onTestFinished),
    ]
    const old = join(ours.dir, 'old-crl.pem')
    await copyFile(ours.crl, old)
    const { cert, key } = await ours.issue('laptop', {}, Date.now())
    const certificateWith = async (crl: string): Promise<Check | undefined> => {
      const mtls = { server: '127.0.0.1:1', ca: ours.ca, cert, key, crl }
      return (await look(await start({ relay: { url: relay.url }, egress: { mtls } }))).get(
        'tunnel.certificate',
      )
    }
    expect(await certificateWith(ours.crl)).toMatchObject({ status: 'ok' })
    expect(await certificateWith(theirs.crl)).toMatchObject({
      status: 'failed',
      detail: `${theirs.crl}: this revocation list is not of the authority ca.`,
    })
    expect(await certificateWith(old)).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(
        /old-crl\.pem ended on .*: no server of its authority is trusted any more\.$/,
      ) as string,
    })
  })

  test('without a tunnel there is nothing to look at', async () => {
    const checks = await look(await start({ relay: { url: relay.url } }))
    expect([...checks.keys()].filter((id) => id.startsWith('tunnel'))).toEqual([])
  })
})
