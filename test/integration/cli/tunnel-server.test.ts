import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runSovereign } from '../../support/sovereign-process.ts'
import { readToEnd, startEcho } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'
import { startTunnelServerProcess } from '../../support/tunnel-server-process.ts'

const { certs, makeAgent } = tunnelFixture()

const start = (lines: readonly string[] = []) => startTunnelServerProcess(certs, lines)

test('a server from the command line carries bytes, and on SIGTERM lets them finish', async () => {
  const { port, running } = await start(['emit_metrics: true'])
  const agent = makeAgent({ port })
  const target = { host: '127.0.0.1', port: await startEcho() }
  const stream = await agent.egress.connect(target, new AbortController().signal)
  const received = readToEnd(stream)
  stream.write('before ')
  running.child.kill('SIGTERM')
  expect(await waitUntil(() => agent.states.some(({ phase }) => phase === 'reconnecting'), 10_000)).toBe(true)
  stream.end('after')
  expect(String(await received)).toBe('before after')
  expect(await running.finished).toBe(0)
  expect(running.newest((line) => (line.startsWith('{"_aws"') ? line : undefined))).toContain(
    '"BytesTransferred":',
  )
})

test('SIGHUP has the rules read again', async () => {
  const { file, port, running } = await start()
  const agent = makeAgent({ port })
  const connect = async () =>
    agent.egress.connect({ host: '127.0.0.1', port: await startEcho() }, new AbortController().signal)
  const stream = await connect()
  stream.on('error', () => undefined)
  await writeFile(file, 'allow: [somebody-else]\n')
  running.child.kill('SIGHUP')
  // The file lacks the rest, so it is refused whole and the agent stays.
  expect(await waitUntil(() => /the old stays: There is no cert_file/.test(running.stderr()), 10_000)).toBe(
    true,
  )
  expect(stream.destroyed).toBe(false)
  stream.destroy()
})

test.each([
  [['allow: []'], /Map keys must be unique|"allow" is empty/],
  [['max_conections: 3'], /line \d+: max_conections: unknown key; did you mean "max_connections"\?/],
])('%j is refused in a sentence', async (lines, words) => {
  const dir = await mkdtemp(join(certs.authority.dir, 'bad-'))
  const file = join(dir, 'server.yaml')
  const tls = [
    `cert_file: ${certs.server.cert}`,
    `key_file: ${certs.server.key}`,
    `ca_cert_file: ${certs.ca}`,
  ]
  await writeFile(file, ['listen_port: 0', ...tls, ...lines, ''].join('\n'))
  const running = runSovereign(['tunnel-server', '--config', file], {})
  expect(await running.finished).toBe(1)
  expect(running.stderr()).toMatch(words)
  expect(running.stderr()).not.toMatch(/ at .*\.ts/)
})
