import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createLogger, recentLogLines } from '../../../src/node/log.ts'
import { revokeName } from '../../../src/node/pki/revoke.ts'
import { makeOwnCerts, makeTemporary, readPem } from '../../support/make-certs.ts'
import { startEcho } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { SERVER_NAME, type TestAgent } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const LOOK_MS = 20
const { certs, makeAgent, startServer } = tunnelFixture()

async function openStream({ egress }: TestAgent): Promise<Duplex> {
  const target = { host: '127.0.0.1', port: await startEcho() }
  return await egress.connect(target, new AbortController().signal)
}

async function echoed(stream: Duplex, text: string): Promise<string> {
  const answer = once(stream, 'data')
  stream.write(text)
  return String((await answer)[0])
}

/** Of how a stream that was open ends. */
function failureOf(stream: Duplex): Promise<Error> {
  return new Promise((resolve) => stream.once('error', resolve))
}

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  test('a server that is revoked while an agent is connected is cut, and not trusted again', async () => {
    const authority = await makeOwnCerts(onTestFinished)
    const [pair, laptop] = [
      await authority.issue(SERVER_NAME, { kind: 'server' }),
      await authority.issue('laptop'),
    ]
    await authority.issue('desk')
    const server = await startServer({ tls: { ca: authority.ca, ...pair } })
    const log = createLogger('tunnel-agent', 'silent')
    const hasReadAgain = () => recentLogLines(log).some((line) => line.includes('were read again'))
    const tls = { ca: authority.ca, ...laptop, crl: authority.crl }
    const agent = makeAgent(server, { protocol, tls, log, lookMs: LOOK_MS })
    const stream = await openStream(agent)
    // A list that names somebody else is no reason to end anything.
    await revokeName(authority.dir, 'desk', Date.now())
    expect(await waitUntil(hasReadAgain, 10_000)).toBe(true)
    expect(await echoed(stream, 'still here')).toBe('still here')
    const failure = failureOf(stream)
    await revokeName(authority.dir, SERVER_NAME, Date.now())
    expect((await failure).message).toMatch(/certificate of 127\.0\.0\.1:\d+ is no longer trusted/)
    expect(await waitUntil(() => agent.states.at(-1)?.phase === 'failed', 10_000)).toBe(true)
    expect(agent.states.at(-1)).toMatchObject({ cause: { code: 'tunnel.not-trusted' } })
  })

  test('either end parts from the other when it no longer believes its authority', async () => {
    const other = await makeOwnCerts(onTestFinished)
    const dir = await makeTemporary(onTestFinished)
    const [agentCa, serverCa] = [join(dir, 'agent-ca.pem'), join(dir, 'server-ca.pem')]
    const believe = async (file: string, ...authorities: readonly string[]) => {
      await writeFile(`${file}.new`, (await Promise.all(authorities.map(readPem))).join(''))
      await rename(`${file}.new`, file)
    }
    await believe(agentCa, other.ca, certs.ca)
    await believe(serverCa, other.ca, certs.ca)
    const server = await startServer({ tls: { ca: serverCa, ...certs.server }, lookMs: LOOK_MS })
    const connected = async () => {
      const agent = makeAgent(server, { protocol, tls: { ca: agentCa, ...certs.agent }, lookMs: LOOK_MS })
      expect(await echoed(await openStream(agent), 'hello')).toBe('hello')
      return agent
    }
    const untilFailed = async ({ states }: TestAgent) => {
      expect(await waitUntil(() => states.at(-1)?.phase === 'failed', 10_000)).toBe(true)
      return states.at(-1)
    }
    const first = await connected()
    await believe(agentCa, other.ca)
    expect(await untilFailed(first)).toMatchObject({ cause: { code: 'tunnel.not-trusted' } })
    await believe(agentCa, certs.ca)
    const second = await connected()
    await believe(serverCa, other.ca)
    expect(await untilFailed(second)).toMatchObject({ cause: { code: 'tunnel.rejected' } })
  })
})
