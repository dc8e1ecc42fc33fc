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

/** An authority with a server and the agent "laptop", whose files the test may break. */
async function ownFiles() {
  const { ca, crl, dir, issue } = await makeOwnCerts(onTestFinished)
  const server = await issue(SERVER_NAME, { kind: 'server' })
  return { ca, crl, dir, issue, server, laptop: await issue('laptop') }
}

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  test('a server that is revoked while an agent is connected is cut, and not trusted again', async () => {
    const own = await ownFiles()
    const server = await startServer({ tls: { ca: own.ca, ...own.server } })
    const log = createLogger('tunnel-agent', 'silent')
    const hasReadAgain = () => recentLogLines(log).some((line) => line.includes('was read again'))
    const tls = { ca: own.ca, ...own.laptop, crl: own.crl }
    const agent = makeAgent(server, { protocol, tls, log, lookMs: LOOK_MS })
    const stream = await openStream(agent)
    // A list that names somebody else is no reason to end anything.
    await own.issue('desk')
    await revokeName(own.dir, 'desk', Date.now())
    expect(await waitUntil(hasReadAgain, 10_000)).toBe(true)
    expect(await echoed(stream, 'still here')).toBe('still here')
    const failure = failureOf(stream)
    await revokeName(own.dir, SERVER_NAME, Date.now())
    expect((await failure).message).toMatch(/certificate of 127\.0\.0\.1:\d+ is no longer trusted/)
    expect(await waitUntil(() => agent.states.at(-1)?.phase === 'failed', 10_000)).toBe(true)
    expect(agent.states.at(-1)).toMatchObject({ cause: { code: 'tunnel.not-trusted' } })
  })

  test.each([
    ['new terms are taken at the same time', 'terms'],
    ['the certificate of the agent cannot be used', 'certificate'],
  ] as const)('a server that is revoked is cut also where %s', async (_what, besides) => {
    const own = await ownFiles()
    const server = await startServer({ tls: { ca: own.ca, ...own.server } })
    const tls = { ca: own.ca, ...own.laptop, crl: own.crl }
    const agent = makeAgent(server, { protocol, tls, lookMs: LOOK_MS })
    const stream = await openStream(agent)
    const failure = failureOf(stream)
    if (besides === 'certificate') await writeFile(own.laptop.cert, 'nonsense')
    await revokeName(own.dir, SERVER_NAME, Date.now())
    if (besides === 'terms') agent.egress.use({ serverName: SERVER_NAME, protocol, tls }, 3_600_000)
    expect((await failure).message).toMatch(/no longer trusted/)
  })

  test('a server is cut whose authority is no longer believed, although the list is still of that one', async () => {
    const [own, other] = [await ownFiles(), await makeOwnCerts(onTestFinished)]
    const server = await startServer({ tls: { ca: own.ca, ...own.server } })
    const ca = join(own.dir, 'agent-ca.pem')
    await writeFile(ca, await readPem(own.ca))
    const tls = { ca, ...own.laptop, crl: own.crl }
    const stream = await openStream(makeAgent(server, { protocol, tls, lookMs: LOOK_MS }))
    const failure = failureOf(stream)
    await writeFile(ca, await readPem(other.ca))
    expect((await failure).message).toMatch(/no longer trusted/)
  })

  test('one file has the lists of both authorities while one follows the other', async () => {
    const [before, after] = [await ownFiles(), await ownFiles()]
    const [ca, crl] = [join(before.dir, 'both-ca.pem'), join(before.dir, 'both-crl.pem')]
    const write = async (file: string, ...parts: readonly string[]) =>
      await writeFile(file, (await Promise.all(parts.map(readPem))).join(''))
    await write(ca, before.ca, after.ca)
    await write(crl, before.crl, after.crl)
    const tls = { ca, ...before.server, crl }
    const server = await startServer({ tls, lookMs: LOOK_MS })
    const agentWith = (pair: object, more: object = { crl }) =>
      makeAgent(server, { protocol, tls: { ca, ...before.laptop, ...pair, ...more }, lookMs: LOOK_MS })
    const kept = await openStream(agentWith(before.laptop))
    const desk = agentWith(await after.issue('desk'), {})
    const failure = failureOf(await openStream(desk))
    await revokeName(after.dir, 'desk', Date.now())
    await write(crl, before.crl, after.crl)
    await failure
    await expect(openStream(desk)).rejects.toMatchObject({ code: 'tunnel.rejected' })
    await openStream(agentWith(after.laptop))
    expect(await echoed(kept, 'still here')).toBe('still here')
  })

  test('an agent that is revoked is cut and stays out, also where the key of the server cannot be used', async () => {
    const own = await ownFiles()
    const tls = { ca: own.ca, ...own.server, crl: own.crl }
    const server = await startServer({ tls, lookMs: LOOK_MS })
    const agent = makeAgent(server, { protocol, tls: { ca: own.ca, ...own.laptop } })
    const failure = failureOf(await openStream(agent))
    const key = await readPem(own.server.key)
    await writeFile(own.server.key, 'nonsense')
    await revokeName(own.dir, 'laptop', Date.now())
    await failure
    await expect(openStream(agent)).rejects.toMatchObject({ code: 'tunnel.rejected' })
    // What is right again is in use again.
    await writeFile(own.server.key, key)
    const isRead = () => server.logged().at(-1)?.includes('were read again') === true
    expect(await waitUntil(isRead, 10_000)).toBe(true)
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
