import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { VERSION } from '../../../src/node/version.ts'
import { freePort } from '../../support/free-port.ts'
import { jobWhen, runJob, stepLines } from '../../support/run-job.ts'
import { startBridge } from '../../support/start-bridge.ts'
import { startTestRelay, type TestRelay } from '../../support/start-relay.ts'
import { type Sshd, type SshdOptions, startSshd } from '../../support/start-sshd.ts'

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

async function startWith(hosts: Readonly<Record<string, Sshd>>, forgetHosts = false) {
  return startBridge({ teardown: onTestFinished, hosts, profile: {}, forgetHosts })
}

async function startHost(options: SshdOptions): Promise<Sshd> {
  return startSshd({ teardown: onTestFinished, ...options })
}

/** A TCP port on the host that speaks, but not as a relay. */
async function startOther(): Promise<number> {
  const server = createServer((_request, response) => response.end('<html>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('looking for a relay on a host', () => {
  test('one that is there is named with its version and what it is signed in to', async () => {
    const { bridge } = await startWith({ pi: host })
    const job = await runJob(bridge, { kind: 'test-relay', ssh: 'pi', port: relay.port })
    expect(job).toMatchObject({ subject: 'pi', progress: { phase: 'done' } })
    expect(stepLines(job)).toEqual([
      `resolve done: ${host.userName}@${host.host}:${host.port}`,
      'connect done',
      expect.stringMatching(/^log-in done: Answers within \d+ ms\.$/),
      `find-relay done: Sovereign Bridge ${VERSION}, signed in to Copilot and OpenRouter.`,
      'can-install skipped: There is one already.',
    ])
  })

  test('where there is none, it is said whether one could be installed', async () => {
    const { bridge } = await startWith({ pi: host })
    const port = await freePort()
    const job = await runJob(bridge, { kind: 'test-relay', ssh: 'pi', port })
    expect(job.progress.phase).toBe('done')
    expect(stepLines(job).slice(3)).toEqual([
      `find-relay skipped: Nothing listens on port ${port} of pi.`,
      expect.stringMatching(/^can-install done: It can: Linux \w+, .*(?:Node|no Node)/),
    ])
  })

  test('another program on the port is no relay', async () => {
    const { bridge } = await startWith({ pi: host })
    const port = await startOther()
    const job = await runJob(bridge, { kind: 'test-relay', ssh: 'pi', port })
    expect(job.progress).toMatchObject({ phase: 'failed', cause: { code: 'relay.not-a-relay' } })
  })

  test('a login that runs no commands can still have a relay, but none can be installed', async () => {
    const restricted = await startHost({ config: ['ForceCommand /bin/false'] })
    const { bridge } = await startWith({ pi: restricted })
    const found = await runJob(bridge, { kind: 'test-relay', ssh: 'pi', port: relay.port })
    expect(found.progress.phase).toBe('done')
    const none = await runJob(bridge, { kind: 'test-relay', ssh: 'pi', port: await freePort() })
    expect(stepLines(none).at(-1)).toBe(
      'can-install failed: job.unexpected-answer pi runs no commands for this login.',
    )
  })

  test.each([
    ['no-such-alias.invalid', 'connect', 'ssh.name-not-resolved'],
    ['127.0.0.1:1', 'connect', 'ssh.connection-refused'],
    ['a b', 'resolve', 'ssh.config-invalid'],
  ])('what is wrong with %s is known at the step "%s"', async (ssh, step, code) => {
    const { bridge } = await startWith({})
    const job = await runJob(bridge, { kind: 'test-relay', ssh, port: 8080 })
    expect(job.progress).toMatchObject({ phase: 'failed', cause: { code } })
    expect(job.steps.find(({ progress }) => progress.phase === 'failed')?.id).toBe(step)
  })

  test('a key that the host does not take fails the login', async () => {
    const { bridge } = await startWith({ pi: { ...host, clientKeyFile: '/nowhere/key' } })
    const job = await runJob(bridge, { kind: 'test-relay', ssh: 'pi', port: relay.port })
    expect(stepLines(job)[2]).toMatch(/^log-in failed: ssh\./)
  })

  test('the key of an unknown host is asked about where all questions are, and an answer lets the job go on', async () => {
    const { bridge, state } = await startWith({ pi: host }, true)
    const { id } = await bridge.api.startJob({ order: { kind: 'test-relay', ssh: 'pi', port: relay.port } })
    const { prompts } = await state(({ prompts: open }) => open.length > 0, 'question')
    expect(prompts[0]).toMatchObject({ kind: 'host-key' })
    await bridge.api.answerPrompt({
      id: prompts[0]?.id ?? '',
      answer: { kind: 'host-key', accept: true },
    })
    const job = await jobWhen(bridge, id, ({ progress }) => progress.phase !== 'running')
    expect(job.progress.phase).toBe('done')
  })

  test('a job that is cancelled takes its question with it', async () => {
    const { bridge, state } = await startWith({ pi: host }, true)
    const { id } = await bridge.api.startJob({ order: { kind: 'test-relay', ssh: 'pi', port: relay.port } })
    await state(({ prompts }) => prompts.length > 0, 'question')
    await expect(
      bridge.api.startJob({ order: { kind: 'test-relay', ssh: 'pi', port: 1 } }),
    ).rejects.toMatchObject({ code: 'job.running-already' })
    await expect(bridge.api.forgetJob({ id })).rejects.toMatchObject({ code: 'api.invalid-arguments' })
    await bridge.api.cancelJob({ id })
    const job = await jobWhen(bridge, id, ({ progress }) => progress.phase === 'cancelled')
    expect(job.steps[1]?.progress).toMatchObject({ phase: 'failed', cause: { code: 'job.cancelled' } })
    expect(bridge.state.prompts).toEqual([])
    await bridge.api.forgetJob({ id })
    expect(bridge.state.jobs).toEqual([])
    await expect(bridge.api.cancelJob({ id })).rejects.toMatchObject({ code: 'api.not-found' })
  })
})

describe('trying a client', () => {
  test('the port is opened there, a byte goes through, and the port is free again afterwards', async () => {
    const { bridge } = await startWith({ vm: host })
    const port = await freePort()
    const order = { kind: 'test-client', ssh: 'vm', listen: `127.0.0.1:${port}` } as const
    for (const _ of [1, 2]) {
      const job = await runJob(bridge, order)
      expect(stepLines(job).slice(3)).toEqual([
        'listen done',
        'through done: A byte went there and came back.',
      ])
    }
  })

  test('a unix socket is tried in the same way', async () => {
    const { bridge, dir } = await startWith({ vm: host })
    const job = await runJob(bridge, { kind: 'test-client', ssh: 'vm', listen: `unix:${dir}/vm.sock` })
    expect(stepLines(job).at(-1)).toBe('through done: A byte went there and came back.')
  })

  test('whoever has the port is named, with one that is free', async () => {
    const { bridge } = await startWith({ vm: host })
    const port = await startOther()
    const job = await runJob(bridge, { kind: 'test-client', ssh: 'vm', listen: `127.0.0.1:${port}` })
    expect(job.progress).toMatchObject({
      cause: {
        code: 'ssh.remote-port-taken',
        message: expect.stringMatching(/already listens on 127\.0\.0\.1:\d+/) as string,
        remedy: expect.stringMatching(/^Use port \d+, which is free there/) as string,
      },
    })
  })

  test('a server that allows no forwarding says so at the step of the port', async () => {
    const closed = await startHost({ config: ['AllowTcpForwarding no'] })
    const { bridge } = await startWith({ vm: closed })
    const job = await runJob(bridge, {
      kind: 'test-client',
      ssh: 'vm',
      listen: `127.0.0.1:${await freePort()}`,
    })
    expect(stepLines(job)[3]).toMatch(/^listen failed: ssh\.forwarding-refused/)
  })

  test('a key that may listen on another port only is told apart', async () => {
    const port = await freePort()
    const limited = await startHost({ config: ['PermitListen 127.0.0.1:1'] })
    const { bridge } = await startWith({ vm: limited })
    const job = await runJob(bridge, { kind: 'test-client', ssh: 'vm', listen: `127.0.0.1:${port}` })
    expect(job.progress).toMatchObject({ cause: { code: 'ssh.forwarding-refused' } })
  })

  test('a server that lets us listen but not connect is good enough', async () => {
    const remoteOnly = await startHost({ config: ['AllowTcpForwarding remote'] })
    const { bridge } = await startWith({ vm: remoteOnly })
    const listen = `127.0.0.1:${await freePort()}`
    const job = await runJob(bridge, { kind: 'test-client', ssh: 'vm', listen })
    expect(job.progress.phase).toBe('done')
    expect(stepLines(job)[4]).toMatch(/^through skipped: The SSH server does not let us try/)
  })

  test('an address that is no loopback address is refused before anything is dialled', async () => {
    const { bridge } = await startWith({ vm: host })
    const order = { kind: 'test-client', ssh: 'vm', listen: '0.0.0.0:8080' } as const
    await expect(bridge.api.startJob({ order })).rejects.toMatchObject({ code: 'settings.invalid' })
  })

  test('a client that is connected already keeps its port', async () => {
    const port = await freePort()
    const listen = `127.0.0.1:${port}`
    const { bridge, state } = await startBridge({
      teardown: onTestFinished,
      hosts: { vm: host },
      profile: { clients: [{ name: 'vm', ssh: 'vm', listen }] },
    })
    await bridge.connect()
    await state(({ clients }) => clients[0]?.path.kind === 'proven', 'proven path')
    const job = await runJob(bridge, { kind: 'test-client', ssh: 'vm', listen })
    expect(stepLines(job)[3]).toBe('listen skipped: The bridge is connected and listens there already.')
    expect(bridge.state.clients[0]?.listener.phase).toBe('listening')
  })
})
