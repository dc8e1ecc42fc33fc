import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ReverseListener, SshLink } from '../../../src/main/ssh/link.ts'
import { SessionFile, type SessionRecord } from '../../../src/main/ssh/session-memory.ts'
import type { Ambient } from '../../../src/node/ambient.ts'
import { createLogger } from '../../../src/node/log.ts'
import type { ListenAddress } from '../../../src/shared/state/bridge-state.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { freePort } from '../../support/free-port.ts'
import { listenerStateOf, makeLink, resolvedHost, stateOf } from '../../support/make-link.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

const log = createLogger('test', 'silent')

async function sessionsPath(): Promise<string> {
  const dir = await makeTempDir('sessions-')
  return join(dir, 'sessions.json')
}

/** The memory as a bridge that has just started has it. */
function nextRun(path: string, ambient: Ambient = fakeAmbient()): SessionFile {
  const run = new SessionFile(path, { ambient, log })
  onTestFinished(() => run.saved())
  return run
}

describe('the file of sessions', () => {
  const record = (overrides: Partial<SessionRecord> = {}): SessionRecord => ({
    place: 'vm',
    sessions: [{ pid: 4711, startedAt: '99' }],
    addresses: ['127.0.0.1:8080'],
    ...overrides,
  })

  async function leave(path: string, ...records: readonly SessionRecord[]): Promise<void> {
    const killed = nextRun(path)
    for (const one of records) killed.note({}, one)
    await killed.saved()
  }

  test('tells the next run what was left on a host, and keeps it private', async () => {
    const path = await sessionsPath()
    await leave(path, record(), record({ place: 'other' }))
    expect(await nextRun(path).left('vm')).toMatchObject([record()])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('does not tell a run of its own sessions', async () => {
    const path = await sessionsPath()
    const run = nextRun(path)
    run.note({}, record())
    await run.saved()
    expect(await run.left('vm')).toEqual([])
  })

  test('keeps what was left through further runs, for three hours after it was found', async () => {
    const path = await sessionsPath()
    await leave(path, record())
    const ambient = fakeAmbient()
    const second = nextRun(path, ambient)
    second.note({}, record({ place: 'other' }))
    await second.saved()
    ambient.pass(2 * 3_600_000)
    const third = nextRun(path, ambient)
    expect(await third.left('vm')).toMatchObject([record()])
    ambient.pass(1.5 * 3_600_000)
    expect(await third.left('vm')).toEqual([])
    expect(await third.left('other')).toMatchObject([record({ place: 'other' })])
  })

  test('drops what was left as soon as its address is ours again', async () => {
    const path = await sessionsPath()
    await leave(path, record())
    const second = nextRun(path)
    const owner = {}
    second.note(owner, record({ sessions: [] }))
    expect(await second.left('vm')).toEqual([])
    second.forget(owner)
    await second.saved()
    expect(await nextRun(path).left('vm')).toEqual([])
  })

  test('is as good as empty when it cannot be read, and is written anew', async () => {
    const path = await sessionsPath()
    for (const damaged of ['', '{"version":1,"records":[{}]}', '{"version":2,"records":[]}', 'null']) {
      await writeFile(path, damaged)
      const run = nextRun(path)
      expect(await run.left('vm')).toEqual([])
      run.note({}, record())
      await run.saved()
      expect(await nextRun(path).left('vm')).toMatchObject([record()])
    }
  })
})

describe('a session of an earlier run', () => {
  function listening(
    server: Sshd,
    path: string,
    address: ListenAddress,
  ): { link: SshLink; listener: ReverseListener } {
    const link = makeLink(resolvedHost(server), { sessions: nextRun(path) })
    onTestFinished(() => link.close())
    const listener = link.listen(address, (channel) => channel.destroy())
    link.start()
    return { link, listener }
  }

  /** A run whose host stands still, so that its goodbye is not heard. @returns the processes that stand still. */
  async function leaveSession(server: Sshd, path: string, address: ListenAddress): Promise<number[]> {
    const { link, listener } = listening(server, path, address)
    await listenerStateOf(listener, 'listening')
    await stateOf(link, 'connected')
    // The link learns in the background which process serves it.
    await expect.poll(() => server.log(), { timeout: 5_000 }).toContain('Close session')
    const frozen = await server.sessionPids()
    for (const pid of frozen) process.kill(pid, 'SIGSTOP')
    await link.close()
    return frozen
  }

  async function tcp(): Promise<ListenAddress> {
    return { kind: 'tcp', host: '127.0.0.1', port: await freePort() }
  }

  test('that holds the port is recognised, said in words and ended', async () => {
    const server = await startSshd({ teardown: onTestFinished })
    const [path, address] = [await sessionsPath(), await tcp()]
    const frozen = await leaveSession(server, path, address)
    const { listener } = listening(server, path, address)
    const reasons: (string | undefined)[] = []
    listener.onState((state) => reasons.push(state.phase === 'opening' ? state.cause?.code : state.phase))
    await listenerStateOf(listener, 'listening')
    expect(reasons).toContain('ssh.remote-port-held-by-old-session')
    expect(reasons).not.toContain('failed')
    const left = await server.sessionPids()
    expect(left.filter((pid) => frozen.includes(pid)).length).toBeLessThan(frozen.length)
  })

  test('is waited for where the account has no shell to end it with', async () => {
    const server = await startSshd({ teardown: onTestFinished, config: ['ForceCommand /bin/false'] })
    const [path, address] = [await sessionsPath(), await tcp()]
    const frozen = await leaveSession(server, path, address)
    const { listener } = listening(server, path, address)
    await expect
      .poll(() => (listener.state.phase === 'opening' ? listener.state.cause?.code : listener.state.phase))
      .toBe('ssh.remote-port-held-by-old-session')
    for (const pid of frozen) process.kill(pid, 'SIGKILL')
    await listenerStateOf(listener, 'listening')
  })

  test('that heard its goodbye is forgotten', async () => {
    const server = await startSshd({ teardown: onTestFinished })
    const path = await sessionsPath()
    const sessions = nextRun(path)
    const link = makeLink(resolvedHost(server), { sessions })
    onTestFinished(() => link.close())
    const listener = link.listen(await tcp(), (channel) => channel.destroy())
    link.start()
    await listenerStateOf(listener, 'listening')
    await sessions.saved()
    expect(await readFile(path, 'utf8')).toContain('127.0.0.1')
    await link.close()
    await sessions.saved()
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ version: 1, records: [] })
  })
})
