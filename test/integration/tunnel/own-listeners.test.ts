import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TunnelProtocol } from '../../../src/shared/state/egress.ts'
import { freePort } from '../../support/free-port.ts'
import { runSovereign } from '../../support/sovereign-process.ts'
import { startEcho } from '../../support/start-hosts.ts'
import type { TestAgent } from '../../support/start-tunnel.ts'
import { echoed } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, makeAgent } = tunnelFixture()

interface Ports {
  readonly port: number
  readonly healthPort: number
}

/** The command itself, whose agents may reach loopback. */
async function startServer(protocol: TunnelProtocol): Promise<Ports> {
  const dir = join(certs.authority.dir, `own-listeners-${protocol}`)
  await mkdir(dir)
  const file = join(dir, 'server.yaml')
  const healthPort = await freePort()
  await writeFile(
    file,
    [
      ...['listen_addr: 127.0.0.1', 'listen_port: 0'],
      ...['health_addr: 127.0.0.1', `health_port: ${healthPort}`],
      ...[`cert_file: ${certs.server.cert}`, `key_file: ${certs.server.key}`, `ca_cert_file: ${certs.ca}`],
      ...['allow: ["sovereign://agent/laptop"]', 'allow_private: ["127.0.0.0/8"]', ''],
    ].join('\n'),
  )
  const running = runSovereign(['tunnel-server', '--config', file], {})
  onTestFinished(async () => void (await running.stop('SIGKILL')))
  const port = await running.line((line) => {
    const found = /^Tunnel server on 127\.0\.0\.1:(\d+) for /.exec(line)?.[1]
    return found === undefined ? undefined : Number(found)
  }, 'start line')
  return { port, healthPort }
}

async function outcome({ egress }: TestAgent, host: string, port: number): Promise<object> {
  try {
    const stream = await egress.connect({ host, port }, new AbortController().signal)
    stream.on('error', () => undefined).destroy()
    return { connected: true }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { code, message }
  }
}

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  test('a server does not lead its agents to itself, but to whatever else is allowed on its machine', async () => {
    const { healthPort, port } = await startServer(protocol)
    const agent = makeAgent({ port }, { protocol })
    for (const own of [port, healthPort])
      for (const host of ['127.0.0.1', '::ffff:127.0.0.1', 'localhost'])
        expect({ host, ...(await outcome(agent, host, own)) }).toEqual({
          host,
          code: 'proxy.loop',
          message: `The tunnel server was asked to go to itself, at port ${own}.`,
        })
    expect(await echoed(agent, await startEcho())).toBe('hello')
  })
})
