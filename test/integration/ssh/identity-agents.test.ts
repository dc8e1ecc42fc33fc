import { execFile } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { packString, packUint32, WireReader } from '../../../src/main/ssh/auth/wire.ts'
import { startFakeAgent } from '../../support/fake-agent.ts'
import { fakePrompts } from '../../support/fake-prompts.ts'
import { connect, failureOf, makeLogIn } from '../../support/log-in.ts'
import { KEY_KINDS, type KeyPair, makeKeyPair } from '../../support/make-keys.ts'
import { startAgent } from '../../support/start-agent.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

const run = promisify(execFile)

let dir: string
let sshd: Sshd
/** One of each kind that the server knows. */
const known = new Map<readonly string[] | undefined, KeyPair>()
let stranger: KeyPair

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'identity-agents-'))
  stranger = await makeKeyPair(dir, 'stranger')
  for (const kind of KEY_KINDS) known.set(kind, await makeKeyPair(dir, kind.join('_'), kind))
  sshd = await startSshd({ authorizedKeys: [...known.values()].map(({ line }) => line) })
})
afterAll(async () => {
  await sshd.close()
  await rm(dir, { recursive: true, force: true })
})

describe('agents', () => {
  for (const kind of KEY_KINDS) {
    test(`a ${kind.join(' ')} key that only the agent holds`, async () => {
      const agent = await startAgent(onTestFinished)
      const key = known.get(kind)
      if (key === undefined) throw new Error('The key is missing.')
      await agent.add(key.file)
      const overrides = { identityFiles: [], identityAgent: agent.socketPath, identitiesOnly: false }
      expect(await connect(sshd, overrides)).toBe('logged in')
    })
  }

  test('IdentitiesOnly keeps the other keys of the agent from the server', async () => {
    const agent = await startAgent(onTestFinished)
    await agent.add(sshd.clientKeyFile)
    const only = { identityFiles: [stranger.file], identityAgent: agent.socketPath, identitiesOnly: true }
    const failure = await failureOf(connect(sshd, only))
    expect(failure.message).toContain(stranger.file)
    expect(failure.message).not.toContain('agent key')
    expect(await connect(sshd, { ...only, identitiesOnly: false })).toBe('logged in')
  })

  test('a public key file selects a key of the agent', async () => {
    const agent = await startAgent(onTestFinished)
    await agent.add(sshd.clientKeyFile)
    const copy = join(dir, 'selected.pub')
    const { stdout } = await run('ssh-keygen', ['-y', '-f', sshd.clientKeyFile])
    await writeFile(copy, stdout)
    const overrides = { identityFiles: [copy], identityAgent: agent.socketPath, identitiesOnly: true }
    expect(await connect(sshd, overrides)).toBe('logged in')
    const failure = await failureOf(connect(sshd, { ...overrides, identityAgent: undefined }))
    expect(failure).toMatchObject({
      code: 'ssh.key-unreadable',
      message: expect.stringContaining('only the public half'),
    })
  })

  test('a locked key that the agent holds needs no passphrase', async () => {
    const agent = await startAgent(onTestFinished)
    const key = await makeKeyPair(dir, 'opened-elsewhere')
    await writeFile(join(sshd.dir, 'authorized_keys'), `${key.line}\n`, { flag: 'a' })
    await agent.add(key.file)
    await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'correct horse', '-f', key.file])
    const prompts = fakePrompts()
    const overrides = { identityFiles: [key.file], identityAgent: agent.socketPath, identitiesOnly: true }
    expect(await connect(sshd, overrides, makeLogIn({ prompts }))).toBe('logged in')
    expect(prompts.asked).toEqual([])
  })

  test('an agent that refuses to sign is passed over', async () => {
    const agent = await startAgent(onTestFinished)
    const key = known.get(KEY_KINDS[0])
    if (key === undefined) throw new Error('The key is missing.')
    await agent.add('-c', key.file)
    const refused = { identityFiles: [], identityAgent: agent.socketPath, identitiesOnly: false }
    const failure = await failureOf(connect(sshd, refused))
    expect(failure).toMatchObject({
      code: 'ssh.agent-unavailable',
      message: expect.stringContaining('refused to sign'),
    })
    const withFile = { ...refused, identityFiles: [key.file, sshd.clientKeyFile] }
    expect(await connect(sshd, withFile)).toBe('logged in')
  })

  test('a key named for the host is offered before an agent full of others', async () => {
    const agent = await startAgent(onTestFinished)
    for (let count = 0; count < 8; count++) await agent.add((await makeKeyPair(dir, `crowd-${count}`)).file)
    const crowded = { identityAgent: agent.socketPath, identitiesOnly: false }
    expect(await connect(sshd, { ...crowded, identityFiles: [sshd.clientKeyFile] })).toBe('logged in')
    const failure = await failureOf(connect(sshd, { ...crowded, identityFiles: [] }))
    expect(failure).toMatchObject({
      code: 'ssh.auth-failed',
      message: expect.stringMatching(/hung up after \d+ attempts/),
      remedy: expect.stringContaining('IdentitiesOnly'),
    })
  })

  test('no key is offered twice, whether it is a file, in the agent or both', async () => {
    const agent = await startAgent(onTestFinished)
    await agent.add(stranger.file)
    const copy = join(dir, 'stranger-copy')
    await copyFile(stranger.file, copy)
    await chmod(copy, 0o600)
    await sshd.restart()
    await failureOf(
      connect(sshd, {
        identityFiles: [stranger.file, copy, stranger.file],
        identityAgent: agent.socketPath,
        identitiesOnly: false,
      }),
    )
    expect(sshd.log().match(/Failed publickey/g)?.length ?? 0).toBe(1)
  })
})

/** A security key as an agent shows it (PROTOCOL.u2f of OpenSSH), with the key in memory instead of in a device. */
async function startSecurityKeyAgent() {
  const type = 'sk-ssh-ed25519@openssh.com'
  const application = 'ssh:'
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const blob = Buffer.concat([packString(type), packString(point), packString(application)])
  const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest()
  const touchedOnce = Buffer.from([1, 0, 0, 0, 1])
  const socketPath = await startFakeAgent(onTestFinished, (message) => {
    const reader = new WireReader(message)
    if (reader.byte() === 11) {
      return packString(
        Buffer.concat([Buffer.from([12]), packUint32(1), packString(blob), packString('device')]),
      )
    }
    reader.string()
    const signed = Buffer.concat([sha256(application), touchedOnce, sha256(reader.string())])
    const signature = [packString(type), packString(sign(null, signed, privateKey)), touchedOnce]
    return packString(Buffer.concat([Buffer.from([14]), packString(Buffer.concat(signature))]))
  })
  return { socketPath, line: `${type} ${blob.toString('base64')}` }
}

test('a security key that the agent speaks for', async () => {
  const { socketPath, line } = await startSecurityKeyAgent()
  await writeFile(join(sshd.dir, 'authorized_keys'), `${line}\n`, { flag: 'a' })
  const overrides = { identityFiles: [], identityAgent: socketPath, identitiesOnly: false }
  expect(await connect(sshd, overrides)).toBe('logged in')
})
