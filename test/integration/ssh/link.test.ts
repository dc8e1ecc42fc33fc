import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { Question } from '../../../src/shared/state/prompt.ts'
import { freePort } from '../../support/free-port.ts'
import { makeLink, resolvedHost, startTcpServer, stateOf } from '../../support/make-link.ts'
import { connectLink, startLink, startOwnSshd } from '../../support/start-link.ts'

/** Accepts everybody, and has answered and closed before a client could say more than the command. */
async function startHastyServer(hostKey: string): Promise<{ port: number }> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (attempt) => attempt.accept())
    client.on('session', (accept) => {
      accept().on('exec', (acceptCommand) => {
        const channel = acceptCommand()
        channel.write('done\n')
        channel.exit(7)
        channel.end()
        channel.close()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port }
}

describe('a link that comes up', () => {
  test('names its steps in order and says connected only after a measured round trip', async () => {
    const link = makeLink(resolvedHost(await startOwnSshd()))
    onTestFinished(() => link.close())
    const seen: string[] = []
    link.onState((state) => seen.push(state.phase === 'connecting' ? state.step : state.phase))
    link.start()
    const { roundTripMs } = await stateOf(link, 'connected')
    expect(seen).toEqual(['resolving', 'connecting', 'authenticating', 'opening', 'verifying', 'connected'])
    expect(roundTripMs).toBeGreaterThan(0)
  })

  test('runs a command and tells its output and exit code apart', async () => {
    const link = await connectLink(resolvedHost(await startOwnSshd()))
    const result = await link.exec('cat; echo problem >&2; exit 3', { stdin: 'typed' })
    expect(result).toEqual({ exitCode: 3, stdout: 'typed', stderr: 'problem\n' })
  })

  test('understands a command that is over before its input was sent', async () => {
    const host = await startOwnSshd()
    const server = await startHastyServer(await readFile(join(host.dir, 'host_key'), 'utf8'))
    const hostKeyAlias = `[${host.host}]:${host.port}`
    const link = await connectLink(resolvedHost(host, { port: server.port, hostKeyAlias }))
    const results = await Promise.all(
      Array.from({ length: 5 }, () => link.exec('anything', { stdin: 'typed' })),
    )
    expect(results).toEqual(Array(5).fill({ exitCode: 7, stdout: 'done\n', stderr: '' }))
  })

  test('does not take a command that was cut off for one that has ended', async () => {
    const server = await startOwnSshd()
    const link = await connectLink(resolvedHost(server))
    const cut = link.exec('echo begun; exec sleep 60').then(
      (result) => result,
      (error: unknown) => error,
    )
    await expect.poll(() => server.log(), { timeout: 5_000 }).toMatch(/Starting session: command/)
    await server.stop()
    expect(await cut).toMatchObject({ code: 'ssh.connection-lost' })

    await server.start()
    await stateOf(link, 'connected')
    await expect(link.exec('exec sleep 60', { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })

  test('goes through two jump hosts', async () => {
    const [first, second, last] = [await startOwnSshd(), await startOwnSshd(), await startOwnSshd()]
    const link = await connectLink(resolvedHost(last, { jumps: [resolvedHost(first), resolvedHost(second)] }))
    const { stdout } = await link.exec('echo "$SSH_CONNECTION"')
    expect(stdout.trim().split(' ')[3]).toBe(String(last.port))
    await link.close()
    for (const host of [first, second, last]) await expect.poll(() => host.sessionPids()).toEqual([])
  })

  test('stays unannounced until the further proof was given', async () => {
    const proof = Promise.withResolvers<void>()
    const link = startLink(resolvedHost(await startOwnSshd()), { verify: () => proof.promise })
    await expect.poll(() => (link.state.phase === 'connecting' ? link.state.step : '')).toBe('verifying')
    proof.resolve()
    await stateOf(link, 'connected')
  })

  test('closes at once also while the further proof is awaited', async () => {
    const link = startLink(resolvedHost(await startOwnSshd()), {
      verify: () => new Promise(() => undefined),
      timings: { verifyMs: 600_000 },
    })
    await expect.poll(() => (link.state.phase === 'connecting' ? link.state.step : '')).toBe('verifying')
    await link.close()
    expect(link.state).toEqual({ phase: 'idle' })
  })

  test('refuses channels with a reason while it is down, and closes twice without harm', async () => {
    const link = makeLink(resolvedHost(await startOwnSshd()))
    await expect(link.openChannel({ host: '127.0.0.1', port: 1 })).rejects.toMatchObject({
      code: 'ssh.not-connected',
    })
    link.start()
    await stateOf(link, 'connected')
    await Promise.all([link.close(), link.close()])
    expect(link.state).toEqual({ phase: 'idle' })
  })
})

describe('a host that cannot be reached', () => {
  test('with nothing on its port is refused, and tried again within 200 ms', async () => {
    const server = await startOwnSshd()
    const host = resolvedHost(server, { port: await freePort() })
    const state = await stateOf(startLink(host), 'reconnecting')
    expect(state.cause.code).toBe('ssh.connection-refused')
    expect(state.nextTryAt - state.since).toBeLessThanOrEqual(200)
  })

  test('with a name that has no address is told apart', async () => {
    const host = resolvedHost(await startOwnSshd(), { hostName: 'nowhere.invalid' })
    expect((await stateOf(startLink(host), 'reconnecting')).cause.code).toBe('ssh.name-not-resolved')
  })

  test('that accepts but says nothing is called silent after the configured time', async () => {
    const server = await startOwnSshd()
    const silent = await startTcpServer((socket) => socket.resume(), onTestFinished)
    const host = resolvedHost(server, { port: silent.port, connectTimeoutMs: 500 })
    const { cause } = await stateOf(startLink(host), 'reconnecting')
    expect(cause).toMatchObject({ code: 'ssh.silent', recovery: 'automatic' })
    expect(cause.message).toContain('said nothing')
  })

  test('that hangs up before its banner is tried again, in words about limits', async () => {
    const server = await startOwnSshd()
    const rude = await startTcpServer((socket) => socket.end(), onTestFinished)
    const state = await stateOf(startLink(resolvedHost(server, { port: rude.port })), 'reconnecting')
    expect(state.cause).toMatchObject({ code: 'ssh.turned-away', recovery: 'automatic' })
    expect(state.cause.message).toContain('MaxStartups')
  })

  test('that greets and then says nothing more is told apart from one that never spoke', async () => {
    const server = await startOwnSshd()
    const stuck = await startTcpServer((socket) => {
      socket.resume()
      socket.write('SSH-2.0-OpenSSH_9.9\r\n')
    }, onTestFinished)
    const host = resolvedHost(server, { port: stuck.port, connectTimeoutMs: 500 })
    const { cause } = await stateOf(startLink(host), 'reconnecting')
    expect(cause.code).toBe('ssh.silent')
    expect(cause.message).toContain('greeted as an SSH server')
  })

  test('that speaks an SSH of long ago fails for good', async () => {
    const server = await startOwnSshd()
    const old = await startTcpServer((socket) => socket.end('Welcome!\r\nSSH-1.0-x\r\n'), onTestFinished)
    const state = await stateOf(startLink(resolvedHost(server, { port: old.port })), 'failed')
    expect(state.cause.code).toBe('ssh.handshake-failed')
  })

  test.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', '"HTTP/1.1 400 Bad Request"'],
    ['TLS', Buffer.from('15030100020246', 'hex'), 'TLS'],
    ['SMTP', '220 mail.example.org ESMTP Postfix\r\n', '"220 mail.example.org ESMTP Postfix"'],
    ['Redis', '-ERR unknown command\r\n', '"-ERR unknown command"'],
  ])(
    'that speaks %s instead of SSH fails for good at once, with its own words',
    async (_name, said, named) => {
      const server = await startOwnSshd()
      // It stays on the line, as a mail server does: nothing has to time out.
      const other = await startTcpServer((socket) => socket.resume().write(said), onTestFinished)
      const { cause } = await stateOf(startLink(resolvedHost(server, { port: other.port })), 'failed')
      expect(cause).toMatchObject({ code: 'ssh.not-ssh', recovery: 'user' })
      expect(cause.message).toContain(`on port ${other.port}, but not as an SSH server`)
      expect(cause.message).toContain(named)
    },
  )

  test('that sends bytes of no known protocol and hangs up is no SSH server either', async () => {
    const server = await startOwnSshd()
    const other = await startTcpServer(
      (socket) => socket.end(Buffer.from('4a0000000a352e37', 'hex')),
      onTestFinished,
    )
    const { cause } = await stateOf(startLink(resolvedHost(server, { port: other.port })), 'failed')
    expect(cause.code).toBe('ssh.not-ssh')
    expect(cause.message).toContain('bytes that are no text')
  })

  test('that speaks HTTP is named also behind a jump host', async () => {
    const server = await startOwnSshd()
    const web = await startTcpServer((socket) => socket.end('HTTP/1.0 400 Bad\r\n\r\n'), onTestFinished)
    const host = resolvedHost(server, { port: web.port, jumps: [resolvedHost(await startOwnSshd())] })
    expect((await stateOf(startLink(host), 'failed')).cause.code).toBe('ssh.not-ssh')
  })

  test.each(['Exceeded MaxStartups', 'Not allowed at this time'])(
    'whose sshd says "%s" is tried again, in words about limits',
    async (words) => {
      const server = await startOwnSshd()
      const full = await startTcpServer((socket) => socket.end(`${words}\r\n`), onTestFinished)
      const { cause } = await stateOf(startLink(resolvedHost(server, { port: full.port })), 'reconnecting')
      expect(cause.code).toBe('ssh.turned-away')
      expect(cause.message).toContain(`"${words}": its sshd limits`)
    },
  )

  test('that says something unknown, such as a gateway before the machine is up, is tried again', async () => {
    const server = await startOwnSshd()
    const gateway = await startTcpServer((socket) => socket.end('Machine is starting\r\n'), onTestFinished)
    const { cause } = await stateOf(startLink(resolvedHost(server, { port: gateway.port })), 'reconnecting')
    expect(cause).toMatchObject({ code: 'ssh.turned-away', recovery: 'automatic' })
    expect(cause.message).toContain('"Machine is starting"')
  })

  test('behind a jump host that may not forward names both', async () => {
    const jump = await startOwnSshd(['AllowTcpForwarding no'])
    const host = resolvedHost(await startOwnSshd(), { jumps: [resolvedHost(jump)] })
    const { cause } = await stateOf(startLink(host), 'reconnecting')
    expect(cause).toMatchObject({ code: 'ssh.jump-failed', cause: { code: 'ssh.forwarding-refused' } })
  })
})

describe('a host key', () => {
  test('that changed stops for good and shows both fingerprints', async () => {
    const server = await startOwnSshd()
    await server.replaceHostKey()
    await server.restart()
    const { cause } = await stateOf(startLink(resolvedHost(server)), 'failed')
    expect(cause.code).toBe('ssh.host-key-changed')
    expect(cause.message.match(/SHA256:/g)).toHaveLength(2)
  })

  test('that is unknown is asked for with its fingerprint, and remembered when accepted', async () => {
    const server = await startOwnSshd()
    await writeFile(server.knownHostsFile, '')
    const questions: Question[] = []
    const link = startLink(resolvedHost(server), {
      answer: (question) => {
        questions.push(question)
        return { kind: 'host-key', accept: true }
      },
    })
    await stateOf(link, 'connected')
    expect(questions).toMatchObject([{ kind: 'host-key', keyType: 'ssh-ed25519', port: server.port }])
    const publicKey = server.hostKeyPublic.split(' ')[1]
    expect(await readFile(server.knownHostsFile, 'utf8')).toContain(publicKey)
  })

  test('that was not accepted fails for good', async () => {
    const server = await startOwnSshd()
    await writeFile(server.knownHostsFile, '')
    const link = startLink(resolvedHost(server), { answer: () => ({ kind: 'host-key', accept: false }) })
    expect((await stateOf(link, 'failed')).cause.code).toBe('ssh.host-key-unknown')
    expect(await readFile(server.knownHostsFile, 'utf8')).toBe('')
  })
})

describe('a login', () => {
  test('that is refused fails for good until somebody says retry', async () => {
    const server = await startOwnSshd()
    const stranger = await startOwnSshd()
    const host = { ...resolvedHost(server), identityFiles: [stranger.clientKeyFile] }
    const link = startLink(host)
    const state = await stateOf(link, 'failed')
    expect(state.cause).toMatchObject({ code: 'ssh.auth-failed', recovery: 'user' })
    await writeFile(stranger.clientKeyFile, await readFile(server.clientKeyFile, 'utf8'))
    link.retryNow()
    await stateOf(link, 'connected')
  })
})

test('a question that nobody answers fails instead of asking again and again', async () => {
  const server = await startOwnSshd()
  await writeFile(server.knownHostsFile, '')
  const link = startLink(resolvedHost(server), {
    answer: () => {
      throw new AppError('prompt.cancelled', 'Nobody answered.')
    },
  })
  expect((await stateOf(link, 'failed')).cause.code).toBe('prompt.cancelled')
})
