import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { revokeName } from '../../../src/node/pki/revoke.ts'
import { settingsSchema } from '../../../src/shared/settings/schema.ts'
import { freePort } from '../../support/free-port.ts'
import { soon } from '../../support/soon.ts'
import { startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { startWeb } from '../../support/start-hosts.ts'
import { SERVER_NAME, startTestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const SOVEREIGN = fileURLToPath(new URL('../../../bin/sovereign.js', import.meta.url))
const OWN = { allowPrivate: ['127.0.0.0/8'] }

const { certs, startServer } = tunnelFixture()

/** Answers `/slow` piece by piece, as the test says; everything else at once. */
async function startWebHost() {
  const slow: ServerResponse[] = []
  const port = await startWeb((request, response) => {
    if (request.url !== '/slow') response.end('quick')
    else {
      response.write('first ')
      slow.push(response)
    }
  })
  return { port, slow }
}

async function start(egress: object): Promise<TestBridge> {
  const bridge = await startBridge({
    teardown: onTestFinished,
    profile: { relay: { embedded: true }, egress },
  })
  await bridge.bridge.connect()
  await bridge.state(({ agent }) => agent.phase === 'listening', 'the agent listens')
  return bridge
}

async function save({ bridge }: TestBridge, egress: object): Promise<void> {
  const [profile] = bridge.settings.profiles
  await bridge.applySettings(settingsSchema.parse({ profiles: [{ ...profile, egress }] }))
}

/** @returns the answer when its first bytes are here. */
async function ask({ agentPort }: TestBridge, port: number, path: string): Promise<IncomingMessage> {
  const request = get({
    ...{ host: '127.0.0.1', port: agentPort, agent: false },
    path: `http://127.0.0.1:${port}${path}`,
    headers: { Host: `127.0.0.1:${port}` },
  })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  // A reset is told to both; the answer's error is the one to read.
  request.on('error', () => undefined)
  answer.setEncoding('utf8')
  return answer
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of answer) text += piece
  return `${answer.statusCode} ${text}`
}

function tunnelTo(port: number, more: object = {}): object {
  return { server: `127.0.0.1:${port}`, ca: certs.ca, cert: certs.agent.cert, key: certs.agent.key, ...more }
}

/** A program that runs a tunnel server and notes the ids of all that ever ran. */
async function serverCommand(port: number, name: string) {
  const file = (ending: string): string => join(certs.authority.dir, `${name}.${ending}`)
  const places = ['listen_addr: 127.0.0.1', `listen_port: ${port}`, 'health_port: 0', 'drain_seconds: 1']
  const { cert, key } = certs.server
  const own = [`cert_file: ${cert}`, `key_file: ${key}`, `ca_cert_file: ${certs.ca}`]
  const rules = ['allow: ["sovereign://agent/*"]', 'allow_private: ["127.0.0.0/8"]', '']
  await writeFile(file('yaml'), [...places, ...own, ...rules].join('\n'))
  const script = `echo $$ >> "${file('pids')}"; exec "$@"`
  const server = [process.execPath, SOVEREIGN, 'tunnel-server', '--config', file('yaml')]
  return {
    command: ['/bin/sh', '-c', script, 'run', ...server],
    pids: async () =>
      (await readFile(file('pids'), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean),
  }
}

function isAlive(pid: string): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}

/** As if minutes had passed; what waits for the network goes on. */
function later(ms: number): void {
  vi.advanceTimersByTime(ms)
}

test.each(['directly', 'through a tunnel'] as const)(
  'a download that goes on %s while settings are saved arrives whole, however long it takes',
  async (way) => {
    const host = await startWebHost()
    const server = await startServer()
    const use = way === 'directly' ? 'direct' : 'mtls'
    const egress = { ...OWN, use, mtls: tunnelTo(server.port) }
    const bridge = await start(egress)
    const answer = await ask(bridge, host.port, '/slow')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await save(bridge, { ...egress, connectPorts: [443, 9443] })
    const { cert, key } = await certs.authority.issue(`desk-${use}`)
    await save(bridge, { ...egress, mtls: tunnelTo(server.port, { cert, key }) })
    later(600_000)
    vi.useRealTimers()
    for (const response of host.slow) response.end('and last')
    expect(await textOf(answer)).toBe('200 first and last')
    expect(await textOf(await ask(bridge, host.port, '/'))).toBe('200 quick')
  },
)

test('a download of before ends with the disconnect, and not an hour later', async () => {
  const host = await startWebHost()
  const bridge = await start(OWN)
  const answer = await ask(bridge, host.port, '/slow')
  answer.resume()
  const cut = once(answer, 'error')
  await save(bridge, { ...OWN, connectPorts: [443, 9443] })
  await bridge.bridge.disconnect(50)
  expect((await cut)[0]).toMatchObject({ code: 'ECONNRESET' })
})

test('a list that is saved, below the home folder too, ends the trust in a server that it revokes', async () => {
  const host = await startWebHost()
  const old = await certs.authority.issue('old-server', { kind: 'server', extraNames: [SERVER_NAME] })
  const server = await startServer({ tls: { ca: certs.ca, ...old } })
  const egress = { ...OWN, use: 'mtls', mtls: tunnelTo(server.port) }
  const bridge = await start(egress)
  expect(await textOf(await ask(bridge, host.port, '/'))).toBe('200 quick')
  await revokeName(certs.authority.dir, 'old-server', Date.now())
  await copyFile(certs.crl, join(bridge.dir, 'crl.pem'))
  await save(bridge, { ...egress, mtls: tunnelTo(server.port, { crl: '~/crl.pem' }) })
  const answer = await ask(bridge, host.port, '/')
  expect(answer.headers['x-bridge-error']).toBe('tunnel.not-trusted')
  expect(await textOf(answer)).toMatch(/^5\d\d .*its authority has revoked it/s)
})

test('another server takes the new connections while the one before finishes its own', async () => {
  const host = await startWebHost()
  const servers = [await startTestServer(certs), await startTestServer(certs)]
  for (const server of servers) onTestFinished(() => server.close(0))
  const [first, second] = servers.map(({ port }) => ({ ...OWN, use: 'mtls', mtls: tunnelTo(port) }))
  const bridge = await start(first ?? {})
  const answer = await ask(bridge, host.port, '/slow')
  await save(bridge, second ?? {})
  expect(await textOf(await ask(bridge, host.port, '/'))).toBe('200 quick')
  expect(servers.map(({ meters }) => meters.streamsTotal)).toEqual([1, 1])
  for (const response of host.slow) response.end('and last')
  expect(await textOf(answer)).toBe('200 first and last')
  await soon(() => expect(servers.map(({ meters }) => meters.connections)).toEqual([0, 1]))
})

test('with a program as the server, the next one starts when the one before has left its port', async () => {
  const host = await startWebHost()
  const port = await freePort()
  const program = await serverCommand(port, 'handover')
  const egress = (command: readonly string[]): object => ({
    ...{ ...OWN, use: 'mtls' },
    mtls: tunnelTo(port, { control: { kind: 'process', command } }),
  })
  const bridge = await start(egress(program.command))
  expect(await textOf(await ask(bridge, host.port, '/'))).toBe('200 quick')
  await save(bridge, egress([...program.command, '--log-level', 'debug']))
  expect(await textOf(await ask(bridge, host.port, '/'))).toBe('200 quick')
  const [before = '', after = '', ...more] = await program.pids()
  expect(more).toEqual([])
  expect([before, after].map(isAlive)).toEqual([false, true])
  await bridge.bridge.disconnect(0)
  await soon(() => expect(isAlive(after)).toBe(false))
})

test('with a program as the server, other certificates leave it running', async () => {
  const host = await startWebHost()
  const port = await freePort()
  const program = await serverCommand(port, 'same-server')
  const control = { kind: 'process', command: program.command }
  const egress = (more: object): object => ({
    ...OWN,
    use: 'mtls',
    mtls: tunnelTo(port, { control, ...more }),
  })
  const bridge = await start(egress({}))
  const answer = await ask(bridge, host.port, '/slow')
  const { cert, key } = await certs.authority.issue('desk')
  await save(bridge, egress({ cert, key, holdSeconds: 60, protocol: 'envelopes' }))
  expect(await textOf(await ask(bridge, host.port, '/'))).toBe('200 quick')
  for (const response of host.slow) response.end('and last')
  expect(await textOf(answer)).toBe('200 first and last')
  expect(await program.pids()).toHaveLength(1)
})
