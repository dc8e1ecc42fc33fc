import { chmod, copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { fakePrompts } from '../../support/fake-prompts.ts'
import { connect, failureOf, makeLogIn } from '../../support/log-in.ts'
import { certify, KEY_KINDS, type KeyPair, makeKeyPair } from '../../support/make-keys.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { startAgent } from '../../support/start-agent.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

const PASSPHRASE = 'correct horse'

/** ssh-keygen writes ed25519 in its own format only. */
const FORMATS: readonly (readonly string[])[] = [[], ['-m', 'PEM'], ['-m', 'PKCS8']]

let dir: string
let sshd: Sshd
let authority: KeyPair
const known = new Map<string, KeyPair>()
let locked: KeyPair
let stranger: KeyPair

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'identity-auth-'))
  authority = await makeKeyPair(dir, 'authority')
  locked = await makeKeyPair(dir, 'locked', ['-t', 'ed25519'], PASSPHRASE)
  stranger = await makeKeyPair(dir, 'stranger')
  for (const kind of KEY_KINDS) {
    for (const format of FORMATS) {
      for (const passphrase of ['', PASSPHRASE]) {
        const args = [...kind, ...format]
        const title = `${args.join(' ')}${passphrase === '' ? '' : ' with a passphrase'}`
        known.set(title, await makeKeyPair(dir, title.replaceAll(' ', '_'), args, passphrase))
      }
    }
  }
  sshd = await startSshd({
    authorizedKeys: [locked, ...known.values()].map(({ line }) => line),
    config: [`TrustedUserCAKeys ${authority.file}.pub`],
  })
})
afterAll(async () => {
  await sshd.close()
  await rm(dir, { recursive: true, force: true })
})

const passphrases = (...given: string[]) =>
  fakePrompts((_question, count) => {
    const passphrase = given[count - 1]
    return passphrase === undefined ? undefined : { kind: 'passphrase', passphrase, remember: false }
  })

describe('key files', () => {
  for (const kind of KEY_KINDS) {
    test(`${kind.join(' ')} in each format, open and with a passphrase`, async () => {
      for (const [title, key] of known) {
        if (!title.startsWith(kind.join(' '))) continue
        const prompts = passphrases(PASSPHRASE)
        const result = await connect(sshd, { identityFiles: [key.file] }, makeLogIn({ prompts }))
        expect({ title, result }).toEqual({ title, result: 'logged in' })
        expect(prompts.asked.length).toBe(title.includes('passphrase') ? 1 : 0)
        expect(sshd.log()).toContain(key.fingerprint)
      }
    })
  }

  test('a locked key that the server does not want is never asked about', async () => {
    const unwanted = await makeKeyPair(dir, 'unwanted', ['-t', 'ed25519'], PASSPHRASE)
    const prompts = passphrases()
    const files = [unwanted.file, sshd.clientKeyFile]
    expect(await connect(sshd, { identityFiles: files }, makeLogIn({ prompts }))).toBe('logged in')
    expect(prompts.asked).toEqual([])
  })

  test('a locked PEM key without its public half comes last, and its passphrase is asked first', async () => {
    const key = await makeKeyPair(dir, 'pem', ['-t', 'rsa', '-m', 'PEM'], PASSPHRASE)
    await rm(`${key.file}.pub`)
    const prompts = passphrases(PASSPHRASE)
    const logIn = makeLogIn({ prompts })
    expect(await connect(sshd, { identityFiles: [key.file, sshd.clientKeyFile] }, logIn)).toBe('logged in')
    expect(prompts.asked).toEqual([])
    const failure = await failureOf(connect(sshd, { identityFiles: [key.file] }, logIn))
    expect(failure).toMatchObject({ code: 'ssh.auth-failed', message: expect.stringContaining(key.file) })
    expect(prompts.asked.length).toBe(1)
  })

  test('a wrong passphrase is asked for again, up to three times in all', async () => {
    const prompts = passphrases('wrong', PASSPHRASE)
    expect(await connect(sshd, { identityFiles: [locked.file] }, makeLogIn({ prompts }))).toBe('logged in')
    expect(prompts.asked).toEqual(
      [1, 2].map((attempt) => ({ kind: 'passphrase', keyFile: locked.file, attempt, canRemember: false })),
    )
    const never = passphrases('secret-1', 'secret-2', 'secret-3', PASSPHRASE)
    const failure = await failureOf(
      connect(sshd, { identityFiles: [locked.file] }, makeLogIn({ prompts: never })),
    )
    expect(failure).toMatchObject({ code: 'ssh.passphrase-wrong', recovery: 'user' })
    expect(failure.message).toContain(locked.file)
    expect(`${failure.message}${failure.remedy}${JSON.stringify(failure)}`).not.toContain('secret-')
    expect(never.asked.length).toBe(3)
  })

  test('a key whose passphrase nobody knows does not keep the next key from working', async () => {
    const prompts = passphrases('no', 'no', 'no')
    const files = [locked.file, sshd.clientKeyFile]
    expect(await connect(sshd, { identityFiles: files }, makeLogIn({ prompts }))).toBe('logged in')
  })

  test('a cancelled question ends the login', async () => {
    const files = [locked.file, sshd.clientKeyFile]
    const failure = await failureOf(connect(sshd, { identityFiles: files }))
    expect(failure).toMatchObject({ code: 'prompt.cancelled', recovery: 'user' })
  })

  test('an opened key stays open for the next connection, until its file changes', async () => {
    const key = await makeKeyPair(dir, 'changing', ['-t', 'ed25519'], PASSPHRASE)
    const prompts = passphrases(PASSPHRASE, PASSPHRASE)
    const logIn = makeLogIn({ prompts })
    await sshd.restart()
    await writeFile(join(sshd.dir, 'authorized_keys'), `${key.line}\n`, { flag: 'a' })
    await Promise.all([1, 2, 3].map(() => connect(sshd, { identityFiles: [key.file] }, logIn)))
    await connect(sshd, { identityFiles: [key.file] }, logIn)
    expect(prompts.asked.length).toBe(1)
    await copyFile(key.file, `${key.file}.new`)
    await rename(`${key.file}.new`, key.file)
    await connect(sshd, { identityFiles: [key.file] }, logIn)
    expect(prompts.asked.length).toBe(2)
  })

  test('a passphrase is remembered when wanted, used unasked, and forgotten when it is outdated', async () => {
    const secrets = memoryStore()
    const remembering = () =>
      fakePrompts(() => ({ kind: 'passphrase', passphrase: PASSPHRASE, remember: true }))
    const first = remembering()
    await connect(
      sshd,
      { identityFiles: [locked.file] },
      makeLogIn({ prompts: first, secrets: () => secrets }),
    )
    expect(first.asked).toMatchObject([{ canRemember: true, keptIn: secrets.describe() }])
    const second = remembering()
    await connect(
      sshd,
      { identityFiles: [locked.file] },
      makeLogIn({ prompts: second, secrets: () => secrets }),
    )
    expect(second.asked).toEqual([])
    await secrets.set(`ssh-passphrase:${locked.file}`, 'outdated')
    const third = passphrases(PASSPHRASE)
    await connect(
      sshd,
      { identityFiles: [locked.file] },
      makeLogIn({ prompts: third, secrets: () => secrets }),
    )
    expect(third.asked.length).toBe(1)
    expect(await secrets.get(`ssh-passphrase:${locked.file}`)).toBeUndefined()
  })

  test('a private key that others can read is not used', async () => {
    const key = await makeKeyPair(dir, 'readable')
    await chmod(key.file, 0o640)
    const failure = await failureOf(connect(sshd, { identityFiles: [key.file] }))
    expect(failure).toMatchObject({ code: 'ssh.key-unreadable' })
    expect(failure.message).toMatch(/mode 0640.*chmod 600/)
  })

  test('files that are no keys or do not exist are named', async () => {
    const noKey = join(dir, 'no-key')
    await writeFile(noKey, 'hello', { mode: 0o600 })
    const damaged = join(dir, 'damaged')
    await writeFile(damaged, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', {
      mode: 0o600,
    })
    const files = [noKey, damaged, join(dir, 'gone'), dir]
    const failure = await failureOf(connect(sshd, { identityFiles: files }))
    expect(failure.code).toBe('ssh.key-unreadable')
    for (const file of files) expect(failure.message).toContain(file)
  })
})

describe('what the failure tells', () => {
  test('what was offered, and what the server accepts', async () => {
    const agent = await startAgent(onTestFinished)
    const inAgent = await makeKeyPair(dir, 'in-agent')
    await agent.add(inAgent.file)
    const failure = await failureOf(
      connect(sshd, {
        identityFiles: [stranger.file],
        identityAgent: agent.socketPath,
        identitiesOnly: false,
      }),
    )
    expect(failure.code).toBe('ssh.auth-failed')
    expect(failure.message).toContain(stranger.file)
    expect(failure.message).toContain(`agent key ${inAgent.fingerprint} (in-agent)`)
    expect(failure.message).toContain('the server accepts publickey')
  })

  test('that nothing was there to offer', async () => {
    const failure = await failureOf(connect(sshd, { identityFiles: [] }))
    expect(failure).toMatchObject({
      code: 'ssh.auth-failed',
      message: expect.stringContaining('Nothing that could be offered'),
    })
  })

  test('that the agent is gone, where keys were expected from it', async () => {
    const overrides = { identityFiles: [], identityAgent: join(dir, 'no-agent.sock'), identitiesOnly: false }
    const failure = await failureOf(connect(sshd, overrides))
    expect(failure).toMatchObject({
      code: 'ssh.agent-unavailable',
      message: expect.stringContaining(overrides.identityAgent),
    })
    expect(await connect(sshd, { ...overrides, identityFiles: [sshd.clientKeyFile] })).toBe('logged in')
  })
})

describe('user certificates', () => {
  for (const kind of KEY_KINDS) {
    test(`${kind.join(' ')} from files and from the agent`, async () => {
      const key = await makeKeyPair(dir, `certified-${kind.join('')}`, kind)
      const certificate = await certify(authority, key, sshd.userName)
      expect(await connect(sshd, { identityFiles: [key.file] })).toBe('logged in')

      const agent = await startAgent(onTestFinished)
      await agent.add(key.file)
      const fromAgent = { identityFiles: [], identityAgent: agent.socketPath, identitiesOnly: false }
      expect(await connect(sshd, fromAgent)).toBe('logged in')

      const elsewhere = join(dir, `elsewhere-${kind.join('')}.pub`)
      await rename(certificate, elsewhere)
      const failure = await failureOf(connect(sshd, { identityFiles: [key.file] }))
      expect(failure.code).toBe('ssh.auth-failed')
      const named = { identityFiles: [key.file], certificateFiles: [elsewhere] }
      expect(await connect(sshd, named)).toBe('logged in')
    })
  }

  test('a certificate to a locked key asks for the passphrase once', async () => {
    const key = await makeKeyPair(dir, 'certified-locked', ['-t', 'ed25519'], PASSPHRASE)
    await certify(authority, key, sshd.userName)
    const prompts = passphrases(PASSPHRASE)
    expect(await connect(sshd, { identityFiles: [key.file] }, makeLogIn({ prompts }))).toBe('logged in')
    expect(prompts.asked.length).toBe(1)
  })

  test('a certificate that cannot be used is named', async () => {
    const failure = await failureOf(
      connect(sshd, { identityFiles: [], certificateFiles: [join(dir, 'none.pub')] }),
    )
    expect(failure).toMatchObject({
      code: 'ssh.key-unreadable',
      message: expect.stringContaining('none.pub'),
    })
  })
})

describe('servers that want more than one thing', () => {
  test('two keys', async () => {
    const other = await makeKeyPair(dir, 'second')
    const strict = await startSshd({
      teardown: onTestFinished,
      authorizedKeys: [other.line],
      config: ['AuthenticationMethods publickey,publickey'],
    })
    expect(await connect(strict, { identityFiles: [strict.clientKeyFile, other.file] })).toBe('logged in')
    const failure = await failureOf(connect(strict, { identityFiles: [strict.clientKeyFile] }))
    expect(failure).toMatchObject({
      code: 'ssh.auth-failed',
      message: expect.stringContaining('wants more'),
    })
  })

  test('two keys of an agent', async () => {
    const agent = await startAgent(onTestFinished)
    const other = await makeKeyPair(dir, 'second-in-agent')
    const strict = await startSshd({
      teardown: onTestFinished,
      authorizedKeys: [other.line],
      config: ['AuthenticationMethods publickey,publickey'],
    })
    await agent.add(strict.clientKeyFile)
    await agent.add(other.file)
    const overrides = { identityFiles: [], identityAgent: agent.socketPath, identitiesOnly: false }
    expect(await connect(strict, overrides)).toBe('logged in')
  })
})
