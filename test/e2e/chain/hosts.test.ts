import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BridgeConnection } from '../../../src/shared/bridge-api/connect-api.ts'
import type { BridgeState, ClientState } from '../../../src/shared/state/bridge-state.ts'
import { ask, CHAT } from '../../support/ask.ts'
import { runSovereign } from '../../support/sovereign-process.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'
import { accepts } from '../../support/start-sshd.ts'

let chain: Chain
let api: BridgeConnection
/** Programs that were first on a port. */
const squatters: ChildProcess[] = []

/** One bridge, one good host, and everything that may be wrong with a host. */
beforeAll(async () => {
  chain = await startChain({
    clients: [
      'good',
      'wrong-key',
      { name: 'no-forwarding', sshd: { config: ['AllowTcpForwarding no'] } },
      { name: 'unknown-key', sshConfig: ['StrictHostKeyChecking ask'] },
      'strict',
      'changed-key',
      'down',
      { name: 'no-name', sshConfig: ['HostName no-such-host.invalid'] },
      'taken',
    ],
    prepare: async (hosts) => {
      await writeFile(join(hosts.client('wrong-key').sshd.dir, 'authorized_keys'), '')
      await writeFile(hosts.client('unknown-key').sshd.knownHostsFile, '')
      await writeFile(hosts.client('strict').sshd.knownHostsFile, '')
      await hosts.client('changed-key').sshd.replaceHostKey()
      await hosts.client('changed-key').sshd.restart()
      await hosts.client('down').sshd.stop()
      await squat(hosts.client('taken').port)
      await squat(hosts.agentPort)
    },
  })
  api = await chain.api()
})

afterAll(async () => {
  await chain?.close()
  for (const squatter of squatters) squatter.kill('SIGKILL')
})

async function squat(port: number): Promise<void> {
  const script = `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`
  const squatter = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  squatters.push(squatter)
  if (squatter.stdout !== null) await once(squatter.stdout, 'data')
}

/** Waits until the bridge says so about one client. */
async function clientIs(
  name: string,
  accept: (client: ClientState) => boolean,
  what: string,
): Promise<ClientState> {
  const find = ({ clients }: BridgeState): ClientState | undefined =>
    clients.find((client) => client.name === name && accept(client))
  const found = find(await chain.bridgeState((state) => find(state) !== undefined, what))
  if (found === undefined) throw new Error(`There is no client ${name}.`)
  return found
}

const hasFailed = ({ link }: ClientState): boolean => link.phase === 'failed'
const isProven = ({ path }: ClientState): boolean => path.kind === 'proven'

test('a good host works beside all that do not', async () => {
  await clientIs('good', isProven, 'a proven path')
  expect(await ask(`${chain.client('good').url}/v1/chat/completions`, { body: CHAT })).toMatchObject({
    status: 200,
  })
})

test('a key that the host does not know is named as the reason and not tried again by itself', async () => {
  const { link } = await clientIs('wrong-key', hasFailed, 'the refusal')
  expect(link).toMatchObject({ cause: { code: 'ssh.auth-failed', recovery: 'user' } })
  expect(link).toMatchObject({
    cause: { message: expect.stringContaining(chain.client('wrong-key').sshd.clientKeyFile) },
  })
})

test('a host that allows no forwarding says what to set there', async () => {
  const { link, listener } = await clientIs(
    'no-forwarding',
    ({ listener }) => listener.phase === 'failed',
    'the refusal',
  )
  expect(link.phase).toBe('connected')
  expect(listener).toMatchObject({
    cause: {
      code: 'ssh.forwarding-refused',
      remedy: expect.stringContaining('AllowTcpForwarding yes'),
    },
  })
})

test('a host that was never seen asks for its key, and the answer of a face connects it', async () => {
  const { sshd } = chain.client('unknown-key')
  const { prompts } = await chain.bridgeState((state) => state.prompts.length > 0, 'the question')
  const [prompt] = prompts
  expect(prompts).toMatchObject([
    { kind: 'host-key', port: sshd.port, fingerprint: expect.stringMatching(/^SHA256:[\w+/]{43}$/) },
  ])
  expect(await readFile(sshd.knownHostsFile, 'utf8')).toBe('')
  await api.answerPrompt({ id: prompt?.id ?? '', answer: { kind: 'host-key', accept: true } })
  await clientIs('unknown-key', isProven, 'a proven path')
  expect(chain.state().prompts).toEqual([])
  expect(await readFile(sshd.knownHostsFile, 'utf8')).toContain(sshd.hostKeyPublic)
})

test('a host that was never seen is refused where the SSH configuration forbids asking', async () => {
  const { link } = await clientIs('strict', hasFailed, 'the refusal')
  expect(link).toMatchObject({
    cause: { code: 'ssh.host-key-unknown', message: expect.stringContaining('StrictHostKeyChecking yes') },
  })
  expect(await readFile(chain.client('strict').sshd.knownHostsFile, 'utf8')).toBe('')
})

test('a host whose key has changed is not talked to again, whoever asks for it', async () => {
  const { sshd } = chain.client('changed-key')
  const { link } = await clientIs('changed-key', hasFailed, 'the refusal')
  const cause = link.phase === 'failed' ? link.cause : undefined
  expect(cause).toMatchObject({ code: 'ssh.host-key-changed', recovery: 'user' })
  expect(cause?.message.match(/SHA256:[\w+/]{43}/g)?.length).toBe(2)
  expect(cause?.remedy).toContain(`ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f '${sshd.knownHostsFile}'`)
  expect(
    chain.state().prompts.filter((prompt) => prompt.kind === 'host-key' && prompt.port === sshd.port),
  ).toEqual([])

  await api.retryNow({ target: 'changed-key' })
  await clientIs(
    'changed-key',
    (client) =>
      client.link.phase === 'failed' && client.link.since > (link.phase === 'failed' ? link.since : 0),
    'the second refusal',
  )
  expect(sshd.log()).not.toContain('Accepted publickey')
  expect(await accepts('127.0.0.1', chain.client('changed-key').port)).toBe(false)
})

test('a host that is down is tried again until it is up', async () => {
  const { link } = await clientIs('down', (client) => client.link.phase === 'reconnecting', 'the refusal')
  expect(link).toMatchObject({
    cause: {
      code: 'ssh.connection-refused',
      message: expect.stringContaining(`port ${chain.client('down').sshd.port}`),
    },
  })
  await chain.client('down').sshd.start()
  await api.retryNow({ target: 'down' })
  await clientIs('down', isProven, 'a proven path')
})

test('a name without an address is said to be that, and tried again', async () => {
  const { link } = await clientIs('no-name', (client) => client.link.phase === 'reconnecting', 'the failure')
  expect(link).toMatchObject({
    cause: {
      code: 'ssh.name-not-resolved',
      message: expect.stringContaining('no-such-host.invalid'),
    },
  })
})

test('a port on the client that another program has is named with it, and the offered one works', async () => {
  const { port } = chain.client('taken')
  const { listener } = await clientIs('taken', (client) => client.listener.phase === 'failed', 'the refusal')
  if (listener.phase !== 'failed' || listener.otherPort === undefined) throw new Error('No port is offered.')
  expect(listener.cause.code).toBe('ssh.remote-port-taken')
  expect(listener.cause.message).toContain(String(port))
  expect(listener.cause.message).toContain(String(squatters[0]?.pid))

  await api.useOtherPort({ target: 'taken', port: listener.otherPort })
  await clientIs('taken', isProven, 'a proven path')
  const answer = await ask(`http://127.0.0.1:${listener.otherPort}/v1/chat/completions`, { body: CHAT })
  expect(answer.status).toBe(200)
})

test('the port on this computer that another program has is named with it, and the offered one works', async () => {
  const { agent } = await chain.bridgeState((state) => state.agent.phase === 'failed', 'the refusal')
  if (agent.phase !== 'failed' || agent.otherPort === undefined) throw new Error('No port is offered.')
  expect(agent.cause.code).toBe('port.taken')
  expect(agent.cause.message).toContain(String(chain.agentPort))
  expect(agent.cause.message).toContain(String(squatters[1]?.pid))

  await api.useOtherPort({ target: 'agent', port: agent.otherPort })
  await chain.bridgeState((state) => state.agent.phase === 'listening', 'the port to open')
  const answer = await ask(`http://127.0.0.1:${agent.otherPort}/v1/chat/completions`, { body: CHAT })
  expect(answer.status).toBe(200)
})

test('"sovereign status" tells a person about every host', async () => {
  const status = runSovereign(['status'], chain.bridgeEnv)
  expect(await status.finished).toBe(0)
  for (const { name } of chain.clients) expect(status.stdout()).toContain(name)
  expect(status.stdout()).toContain('no-such-host.invalid')
  expect(status.stdout()).toContain('AllowTcpForwarding yes')
  expect(status.stdout()).toContain('ssh-keygen -R')
})

test('nothing of all this was tried again that only a person can put right', () => {
  const attempts = (name: string): number =>
    chain
      .client(name)
      .sshd.log()
      .match(/^Connection from /gm)?.length ?? 0
  expect(attempts('wrong-key')).toBe(1)
  // The second time was asked for.
  expect(attempts('changed-key')).toBe(2)
})
