import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runSovereign, type SovereignProcess } from '../../support/sovereign-process.ts'
import { readToEnd, startEcho } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, makeAgent } = tunnelFixture()

let count = 0
async function start(
  lines: readonly string[] = [],
): Promise<{ running: SovereignProcess; port: number; file: string }> {
  const dir = join(certs.authority.dir, `run-${count++}`)
  await mkdir(dir)
  await copyFile(certs.server.cert, join(dir, 'cert.pem'))
  await copyFile(certs.server.key, join(dir, 'key.pem'))
  const file = join(dir, 'server.yaml')
  const fixed = ['listen_addr: 127.0.0.1', 'listen_port: 0', 'cert_file: cert.pem', 'key_file: key.pem']
  const allowed = ['allow: ["sovereign://agent/laptop"]', 'allow_private: ["127.0.0.0/8"]', 'health_port: 0']
  await writeFile(file, [...fixed, `ca_cert_file: ${certs.ca}`, ...allowed, ...lines, ''].join('\n'))
  const running = runSovereign(['tunnel-server', '--config', file], {})
  onTestFinished(async () => void (await running.stop('SIGKILL')))
  const port = await running.line((line) => {
    const found = /^Tunnel server on 127\.0\.0\.1:(\d+) for sovereign:\/\/agent\/laptop$/.exec(line)?.[1]
    return found === undefined ? undefined : Number(found)
  }, 'start line')
  return { running, port, file }
}

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
  const dir = join(certs.authority.dir, `bad-${count++}`)
  await mkdir(dir)
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
