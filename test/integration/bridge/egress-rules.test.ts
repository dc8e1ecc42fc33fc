import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { settingsSchema } from '../../../src/shared/settings/schema.ts'
import { curl } from '../../support/curl.ts'
import { freePort } from '../../support/free-port.ts'
import { startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { startWeb } from '../../support/start-hosts.ts'
import { dialLoopback, makeTunnelCerts, startTestServer } from '../../support/start-tunnel.ts'

let web: number
/** Hosts that the tunnel server was asked for. */
let tunnelled: string[]
let mtls: object

beforeEach(async () => {
  web = await startWeb((request, response) => response.end(`${request.headers.host} saw ${request.url}`))
  tunnelled = []
  const certs = await makeTunnelCerts(onTestFinished)
  const dial = dialLoopback()
  const server = await startTestServer(certs, {
    dial: (target, signal) => {
      tunnelled.push(target.host)
      return dial(target, signal)
    },
  })
  onTestFinished(() => server.close(0))
  mtls = { server: `127.0.0.1:${server.port}`, ca: certs.ca, cert: certs.agent.cert, key: certs.agent.key }
})

const egressOf = (egress: object) => ({
  ...{ mtls, connectPorts: [web], allowPrivate: ['127.0.0.0/8', '::1', 'localhost'] },
  ...egress,
})

async function start(egress: object): Promise<TestBridge> {
  const started = await startBridge({
    teardown: onTestFinished,
    profile: { relay: { embedded: true }, egress: egressOf(egress) },
  })
  await started.bridge.connect()
  await started.state(({ agent }) => agent.phase === 'listening', 'the agent listens')
  return started
}

/** Which way two names of one host go, by their pages that come back. */
async function waysOf({ agentPort }: TestBridge, ...args: string[]): Promise<Record<string, string>> {
  const ways: Record<string, string> = {}
  for (const host of ['127.0.0.1', 'localhost']) {
    tunnelled.length = 0
    const page = await curl(agentPort, `http://${host}:${web}/page`, ...args)
    expect(page).toBe(`${host}:${web} saw /page 200`)
    ways[host] = tunnelled.includes(host) ? 'mtls' : 'direct'
  }
  return ways
}

describe.each([
  ['a request by URL', []],
  ['a tunnel of a program', ['--proxytunnel']],
])('%s', (_title, args) => {
  test('goes through the tunnel server where a rule says so, and out directly otherwise', async () => {
    const bridge = await start({ use: 'direct', rules: [{ hosts: ['localhost'], use: 'mtls' }] })
    expect(await waysOf(bridge, ...args)).toEqual({ '127.0.0.1': 'direct', localhost: 'mtls' })
  })

  test('goes out directly where a rule says so, and through the tunnel server otherwise', async () => {
    const bridge = await start({ use: 'mtls', rules: [{ hosts: ['localhost'], use: 'direct' }] })
    expect(await waysOf(bridge, ...args)).toEqual({ '127.0.0.1': 'mtls', localhost: 'direct' })
  })

  test('follows the first of the rules that name its host', async () => {
    const bridge = await start({
      use: 'mtls',
      rules: [
        { hosts: ['127.0.0.0/8'], use: 'direct' },
        { hosts: ['*'], use: 'mtls' },
        { hosts: ['127.0.0.1', 'localhost'], use: 'deny' },
      ],
    })
    expect(await waysOf(bridge, ...args)).toEqual({ '127.0.0.1': 'direct', localhost: 'mtls' })
  })

  test('goes the other way from the moment on in which a rule is changed', async () => {
    const started = await start({ use: 'direct', rules: [{ hosts: ['localhost'], use: 'mtls' }] })
    expect(await waysOf(started, ...args)).toEqual({ '127.0.0.1': 'direct', localhost: 'mtls' })
    const { bridge } = started
    const [profile] = bridge.settings.profiles
    const egress = egressOf({ use: 'mtls', rules: [{ hosts: ['localhost'], use: 'direct' }] })
    await bridge.applySettings(settingsSchema.parse({ profiles: [{ ...profile, egress }] }))
    expect(await waysOf(started, ...args)).toEqual({ '127.0.0.1': 'mtls', localhost: 'direct' })
  })
})

test('where the tunnel server is gone, only what goes through it fails, and nothing goes another way', async () => {
  const server = `127.0.0.1:${await freePort()}`
  const bridge = await start({
    use: 'direct',
    rules: [{ hosts: ['localhost'], use: 'mtls' }],
    mtls: { ...mtls, server },
  })
  expect(await curl(bridge.agentPort, `http://localhost:${web}/page`)).toMatch(
    /"code":"tunnel\.down".* 503$/s,
  )
  expect(await curl(bridge.agentPort, `http://127.0.0.1:${web}/page`)).toMatch(/ 200$/)
})
