import { chmod, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type AuthContext, Server, type ServerConfig } from 'ssh2'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ResolvedHost } from '../../../src/main/ssh/resolved-host.ts'
import { type FakePrompts, fakePrompts } from '../../support/fake-prompts.ts'
import { connect, connectTo, failureOf, makeLogIn } from '../../support/log-in.ts'
import { makeHost } from '../../support/make-host.ts'
import { makeUser, NO_USERS } from '../../support/make-user.ts'
import { startSshd } from '../../support/start-sshd.ts'

const PASSWORD = 'tr0ub4dor'

const passwords = (...given: string[]): FakePrompts =>
  fakePrompts((question, count) => {
    const password = given[count - 1]
    if (password === undefined) return undefined
    if (question.kind === 'password') return { kind: 'password', password }
    return { kind: 'keyboard-interactive', answers: [password] }
  })

if (NO_USERS !== undefined) console.warn(`SKIPPED: ${NO_USERS}`)

describe.skipIf(NO_USERS !== undefined)('a real sshd', () => {
  let user: Awaited<ReturnType<typeof makeUser>>
  beforeAll(async () => {
    user = await makeUser(PASSWORD)
  })
  afterAll(() => user.remove())

  const start = async (...config: string[]) => {
    const sshd = await startSshd({ teardown: onTestFinished, config })
    // The user of the test has to reach authorized_keys.
    await chmod(sshd.dir, 0o755)
    return sshd
  }
  const noKeys = (): Partial<ResolvedHost> => ({ user: user.name, identityFiles: [] })

  test('takes a password; the second connection does not ask again', async () => {
    const sshd = await start('PasswordAuthentication yes')
    const prompts = passwords('wrong', PASSWORD)
    const logIn = makeLogIn({ prompts })
    expect(await connect(sshd, noKeys(), logIn)).toBe('logged in')
    expect(prompts.asked).toEqual(
      [1, 2].map((attempt) => ({ kind: 'password', user: user.name, host: sshd.host, attempt })),
    )
    expect(await connect(sshd, noKeys(), logIn)).toBe('logged in')
    expect(prompts.asked.length).toBe(2)
  })

  test('is asked three times at most, and the failure holds no password', async () => {
    const sshd = await start('PasswordAuthentication yes')
    const prompts = passwords('secret-1', 'secret-2', 'secret-3', PASSWORD)
    const failure = await failureOf(connect(sshd, noKeys(), makeLogIn({ prompts })))
    expect(failure).toMatchObject({
      code: 'ssh.auth-failed',
      recovery: 'user',
      message: expect.stringMatching(/refused: a password; the server accepts publickey, password/),
    })
    expect(JSON.stringify([failure.message, failure.remedy])).not.toContain('secret-')
    expect(prompts.asked.length).toBe(3)
  })

  test('a password that is not given ends the login', async () => {
    const sshd = await start('PasswordAuthentication yes')
    const failure = await failureOf(connect(sshd, noKeys()))
    expect(failure).toMatchObject({ code: 'prompt.cancelled' })
  })

  test('is not offered a password where it takes keys only', async () => {
    const sshd = await start()
    const prompts = passwords(PASSWORD)
    const failure = await failureOf(connect(sshd, noKeys(), makeLogIn({ prompts })))
    expect(failure.message).toContain('the server accepts publickey.')
    expect(prompts.asked).toEqual([])
  })

  test('wants a key and then a password', async () => {
    const sshd = await start('PasswordAuthentication yes', 'AuthenticationMethods publickey,password')
    const withKey = { user: user.name, identityFiles: [sshd.clientKeyFile] }
    await chmod(join(sshd.dir, 'authorized_keys'), 0o644)
    const prompts = passwords(PASSWORD)
    expect(await connect(sshd, withKey, makeLogIn({ prompts }))).toBe('logged in')
    expect(prompts.asked.length).toBe(1)
    const failure = await failureOf(
      connect(sshd, withKey, makeLogIn({ prompts: passwords('no', 'no', 'no') })),
    )
    expect(failure.message).toContain(`it took ${sshd.clientKeyFile} but wants more than that`)
    expect(failure.message).toContain('the server accepts password')
  })

  test('asks through PAM, key first', async () => {
    const sshd = await start(
      'UsePAM yes',
      'KbdInteractiveAuthentication yes',
      'AuthenticationMethods publickey,keyboard-interactive',
    )
    await chmod(join(sshd.dir, 'authorized_keys'), 0o644)
    const prompts = passwords(PASSWORD)
    const withKey = { user: user.name, identityFiles: [sshd.clientKeyFile] }
    expect(await connect(sshd, withKey, makeLogIn({ prompts }))).toBe('logged in')
    expect(prompts.asked).toMatchObject([
      {
        kind: 'keyboard-interactive',
        user: user.name,
        questions: [{ text: expect.stringContaining('Password'), echo: false }],
      },
    ])
  })
})

/** A server that asks as it likes, which a real sshd does only with PAM modules that this machine may lack. */
async function startAskingServer(onAuth: (context: AuthContext) => void): Promise<ResolvedHost> {
  const keySource = await startSshd({ teardown: onTestFinished })
  const config: ServerConfig = { hostKeys: [await readFile(join(keySource.dir, 'host_key'))] }
  const server = new Server(config, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', onAuth)
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec()
        channel.resume().once('end', () => {
          channel.write('logged in\n')
          channel.exit(0)
          channel.end()
        })
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.address() as AddressInfo
  return makeHost({
    hostName: '127.0.0.1',
    port,
    userKnownHostsFiles: [join(keySource.dir, 'new_known_hosts')],
  })
}

const acceptHost = () => fakePrompts(() => ({ kind: 'host-key', accept: true }))

describe('keyboard-interactive', () => {
  test('questions come as the server words them, round after round', async () => {
    const host = await startAskingServer((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      context.prompt(
        [
          { prompt: 'Password: ', echo: false },
          { prompt: 'Token: ', echo: true },
        ],
        'Two factors',
        'Look at your phone',
        ([password, token] = []) => {
          if (password !== 'p' || token !== '123') return context.reject(['keyboard-interactive'])
          context.prompt([{ prompt: 'Again: ', echo: true }], ([again] = []) =>
            again === '456' ? context.accept() : context.reject(),
          )
        },
      )
    })
    const prompts = fakePrompts((question) => {
      if (question.kind !== 'keyboard-interactive') return undefined
      return {
        kind: 'keyboard-interactive',
        answers: question.questions.length === 2 ? ['p', '123'] : ['456'],
      }
    })
    expect(await connectTo(host, makeLogIn({ prompts }), acceptHost())).toBe('logged in')
    expect(prompts.asked).toEqual([
      {
        kind: 'keyboard-interactive',
        user: 'me',
        host: '127.0.0.1',
        title: 'Two factors',
        instructions: 'Look at your phone',
        questions: [
          { text: 'Password: ', echo: false },
          { text: 'Token: ', echo: true },
        ],
      },
      {
        kind: 'keyboard-interactive',
        user: 'me',
        host: '127.0.0.1',
        title: '',
        instructions: '',
        questions: [{ text: 'Again: ', echo: true }],
      },
    ])
  })

  test('a server that never stops asking is answered three times', async () => {
    const host = await startAskingServer((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      context.prompt([{ prompt: 'Code: ', echo: true }], () => context.reject(['keyboard-interactive']))
    })
    const prompts = passwords('a', 'b', 'c', 'd', 'e')
    const failure = await failureOf(connectTo(host, makeLogIn({ prompts }), acceptHost()))
    expect(failure).toMatchObject({
      code: 'ssh.auth-failed',
      message: expect.stringContaining('the server accepts keyboard-interactive'),
    })
    expect(prompts.asked.length).toBe(3)
  })

  test('a question that is cancelled ends the login', async () => {
    const host = await startAskingServer((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      context.prompt([{ prompt: 'Code: ', echo: true }], () => context.accept())
    })
    const failure = await failureOf(connectTo(host, makeLogIn(), acceptHost()))
    expect(failure).toMatchObject({ code: 'prompt.cancelled' })
  })

  test('closing the connection takes an open question back', async () => {
    const host = await startAskingServer((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      context.prompt([{ prompt: 'Code: ', echo: true }], () => context.accept())
    })
    const controller = new AbortController()
    const reason = new Error('closed by the user')
    let takenBack: Promise<unknown> = Promise.reject(new Error('Nothing was asked.'))
    takenBack.catch(() => undefined)
    const prompts = {
      ask: (_question: unknown, signal: AbortSignal) => {
        takenBack = new Promise((resolve) => signal.addEventListener('abort', () => resolve('taken back')))
        controller.abort(reason)
        return new Promise<never>(() => undefined)
      },
    }
    const work = connectTo(host, makeLogIn({ prompts }), acceptHost(), controller.signal)
    await expect(work).rejects.toBe(reason)
    expect(await takenBack).toBe('taken back')
  })
})
