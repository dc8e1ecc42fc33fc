import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkHostKey, knownKeyTypes } from '../../../src/main/ssh/known-hosts/check-host-key.ts'
import { fingerprint } from '../../../src/main/ssh/known-hosts/fingerprint.ts'
import { recordName } from '../../../src/main/ssh/known-hosts/host-name.ts'
import { knownHostsTrust } from '../../../src/main/ssh/known-hosts/host-trust.ts'
import { rememberHostKey } from '../../../src/main/ssh/known-hosts/remember-host-key.ts'
import type { ResolvedHost } from '../../../src/main/ssh/resolved-host.ts'
import { createLogger } from '../../../src/node/log.ts'
import { fakePrompts } from '../../support/fake-prompts.ts'
import { makeHost } from '../../support/make-host.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const run = promisify(execFile)
const log = createLogger('test', 'silent')
const { signal } = new AbortController()

interface HostKey {
  readonly blob: Buffer
  /** `type base64` */
  readonly line: string
  readonly file: string
}

let keys: Record<'ed25519' | 'other' | 'rsa' | 'ecdsa', HostKey>
let keyDir: string

beforeAll(async () => {
  keyDir = await mkdtemp(join(tmpdir(), 'host-keys-'))
  const make = async (name: string, ...type: string[]): Promise<HostKey> => {
    const file = join(keyDir, name)
    await run('ssh-keygen', ['-q', '-N', '', '-C', '', '-f', file, '-t', ...type])
    const line = (await readFile(`${file}.pub`, 'utf8')).trim().split(' ').slice(0, 2).join(' ')
    return { file, line, blob: Buffer.from(line.split(' ')[1] ?? '', 'base64') }
  }
  keys = {
    ed25519: await make('a', 'ed25519'),
    other: await make('b', 'ed25519'),
    rsa: await make('c', 'rsa', '-b', '2048'),
    ecdsa: await make('d', 'ecdsa'),
  }
})
afterAll(() => rm(keyDir, { recursive: true, force: true }))

/** A host whose first known_hosts file has these lines. */
async function hostWith(content: string, overrides: Partial<ResolvedHost> = {}) {
  const dir = await makeTempDir('known-hosts-')
  const file = join(dir, 'known_hosts')
  if (content !== '') await writeFile(file, content)
  return { file, host: makeHost({ userKnownHostsFiles: [file], ...overrides }) }
}

const verdictOf = async (host: ResolvedHost, key: HostKey) =>
  (await checkHostKey({ host, key: key.blob })).kind

test('fingerprints are those of ssh-keygen', async () => {
  for (const key of Object.values(keys)) {
    const { stdout } = await run('ssh-keygen', ['-l', '-f', `${key.file}.pub`])
    expect(stdout.split(' ')[1]).toBe(fingerprint(key.blob))
  }
})

describe('a host is found exactly where ssh-keygen -F finds it', () => {
  const names: readonly Partial<ResolvedHost>[] = [
    { hostName: 'pi.lab' },
    { hostName: 'PI.lab' },
    { hostName: 'pi.lab', port: 2222 },
    { hostName: 'x.lab' },
    { hostName: 'x.lab', port: 2222 },
    { hostName: '10.0.0.7' },
    { hostName: 'fe80::1' },
    { hostName: 'fe80::1', port: 2222 },
    { hostName: 'bad.lab' },
    { hostName: 'pi' },
    { hostKeyAlias: 'shared' },
  ]
  const lists = [
    'pi.lab',
    'PI.LAB,10.0.0.7',
    '[pi.lab]:2222',
    '*.lab',
    '*.lab,!bad.lab',
    '!bad.lab,*.lab',
    '[*.lab]:2222',
    '10.0.0.?',
    'fe80::1',
    '[fe80::1]:2222,shared',
    '*',
  ]
  for (const isHashed of [false, true]) {
    test(isHashed ? 'in hashed files' : 'in plain files', async () => {
      for (const list of lists) {
        const { file, host } = await hostWith(`${list} ${keys.ed25519.line}\n`)
        if (isHashed) await run('ssh-keygen', ['-H', '-f', file])
        for (const name of names) {
          const asked = { ...host, ...name }
          const found = await run('ssh-keygen', ['-F', recordName(asked), '-f', file]).then(
            () => ['ssh-ed25519'],
            () => [],
          )
          // The plain name stands in for other ports, which ssh does but ssh-keygen does not.
          if (asked.port !== 22 && asked.hostKeyAlias === undefined && found.length === 0) continue
          expect({ list, name, types: await knownKeyTypes(asked) }).toEqual({ list, name, types: found })
        }
      }
    })
  }
})

test('what is remembered is found by ssh-keygen, plain and hashed', async () => {
  for (const hashKnownHosts of [false, true]) {
    for (const port of [22, 2222]) {
      const { host, file } = await hostWith('', { hashKnownHosts, port, hostName: 'New.Lab' })
      expect(await verdictOf(host, keys.rsa)).toBe('unknown')
      expect(await rememberHostKey(host, keys.rsa.blob)).toBe(file)
      expect(await verdictOf(host, keys.rsa)).toBe('trusted')
      const { stdout } = await run('ssh-keygen', ['-F', recordName(host), '-f', file])
      expect(stdout).toContain(keys.rsa.line)
      expect((await readFile(file, 'utf8')).includes('new.lab')).toBe(!hashKnownHosts)
    }
  }
})

test('a new file is private, in a private folder', async () => {
  const dir = await makeTempDir('known-hosts-')
  const file = join(dir, 'new', '.ssh', 'known_hosts')
  await rememberHostKey(makeHost({ userKnownHostsFiles: [file] }), keys.rsa.blob)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await stat(join(dir, 'new', '.ssh'))).mode & 0o777).toBe(0o700)
})

test('a file whose last line is not ended keeps that line', async () => {
  const { host, file } = await hostWith(`other.lab ${keys.ecdsa.line}`)
  await rememberHostKey(host, keys.rsa.blob)
  expect(await readFile(file, 'utf8')).toBe(`other.lab ${keys.ecdsa.line}\npi.lab ${keys.rsa.line}\n`)
})

test('keys that are remembered at the same time all arrive whole', async () => {
  const { host, file } = await hostWith('')
  const names = Array.from({ length: 40 }, (_, index) => `host-${index}.lab`)
  await Promise.all(names.map((hostName) => rememberHostKey({ ...host, hostName }, keys.rsa.blob)))
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  expect(new Set(lines)).toEqual(new Set(names.map((name) => `${name} ${keys.rsa.line}`)))
})

describe('verdicts', () => {
  test('another key than the one on record is a changed key, with both fingerprints and the line', async () => {
    const { host, file } = await hostWith(`# comment\n\npi.lab,10.0.0.7 ${keys.ed25519.line} comment here\n`)
    expect(await checkHostKey({ host, key: keys.other.blob })).toEqual({
      kind: 'changed',
      fingerprint: fingerprint(keys.other.blob),
      keyType: 'ssh-ed25519',
      recorded: [{ fingerprint: fingerprint(keys.ed25519.blob), keyType: 'ssh-ed25519', file, line: 3 }],
    })
  })

  test('a key of a type that is not on record is not taken for an unknown host', async () => {
    const { host } = await hostWith(`pi.lab ${keys.ed25519.line}\n`)
    expect(await verdictOf(host, keys.rsa)).toBe('changed')
    expect(await knownKeyTypes(host)).toEqual(['ssh-ed25519'])
  })

  test('each of several keys on record is trusted, from any of the files', async () => {
    const { host, file } = await hostWith(`pi.lab ${keys.ed25519.line}\npi.lab ${keys.rsa.line}\n`)
    const { file: global } = await hostWith(`pi.lab ${keys.ecdsa.line}\n`)
    const both = { ...host, userKnownHostsFiles: [`${file}-missing`, file], globalKnownHostsFiles: [global] }
    for (const key of [keys.ed25519, keys.rsa, keys.ecdsa]) expect(await verdictOf(both, key)).toBe('trusted')
    expect(await verdictOf(both, keys.other)).toBe('changed')
    expect(await knownKeyTypes(both)).toEqual(['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256'])
  })

  test('a revoked key is refused even where another line trusts it', async () => {
    const { host, file } = await hostWith(`pi.lab ${keys.rsa.line}\n@revoked * ${keys.rsa.line}\n`)
    expect(await checkHostKey({ host, key: keys.rsa.blob })).toEqual({
      kind: 'revoked',
      fingerprint: fingerprint(keys.rsa.blob),
      file,
      line: 2,
    })
    expect(await verdictOf({ ...host, hostName: 'new.lab' }, keys.ed25519)).toBe('unknown')
  })

  test('a host that only an authority vouches for is unsupported, not unknown', async () => {
    const { host, file } = await hostWith(`\n@cert-authority *.lab ${keys.rsa.line}\n`)
    expect(await checkHostKey({ host, key: keys.ed25519.blob })).toMatchObject({
      kind: 'unsupported',
      authority: { file, line: 2 },
    })
    // A plain key beside it is enough, and the authority's own key is no host key.
    expect(await verdictOf(host, keys.rsa)).toBe('unsupported')
    await writeFile(file, `@cert-authority *.lab ${keys.rsa.line}\npi.lab ${keys.ed25519.line}\n`)
    expect(await verdictOf(host, keys.ed25519)).toBe('trusted')
  })

  test('a host certificate is unsupported', async () => {
    const { host } = await hostWith('')
    await run('ssh-keygen', ['-q', '-s', keys.rsa.file, '-h', '-I', 'host', `${keys.ed25519.file}.pub`])
    const certificate = (await readFile(`${keys.ed25519.file}-cert.pub`, 'utf8')).split(' ')[1] ?? ''
    expect(await checkHostKey({ host, key: Buffer.from(certificate, 'base64') })).toEqual({
      kind: 'unsupported',
      keyType: 'ssh-ed25519-cert-v01@openssh.com',
      authority: undefined,
    })
  })

  test('the key of the plain name is good for other ports, but not another key', async () => {
    const { host } = await hostWith(`pi.lab ${keys.rsa.line}\n@revoked pi.lab ${keys.other.line}\n`, {
      port: 2222,
    })
    expect(await verdictOf(host, keys.rsa)).toBe('trusted')
    expect(await verdictOf(host, keys.ed25519)).toBe('unknown')
    expect(await verdictOf(host, keys.other)).toBe('revoked')
    expect(await knownKeyTypes(host)).toEqual(['ssh-rsa'])
  })

  test('damaged lines are passed over and do not hide the others', async () => {
    const { host } = await hostWith(
      `pi.lab\npi.lab ssh-rsa\npi.lab ssh-rsa !!!\n|1|x pi.lab\n|1||| ${keys.rsa.line}\n@nonsense pi.lab ${keys.other.line}\npi.lab 1024 35 99\npi.lab ssh-ed25519 ${keys.rsa.line.split(' ')[1]}\r\npi.lab ${keys.ecdsa.line}\r\n`,
    )
    expect(await verdictOf(host, keys.ecdsa)).toBe('trusted')
    expect(await knownKeyTypes(host)).toEqual(['ecdsa-sha2-nistp256'])
  })

  test('a file that cannot be read stops the connection: it may hold the key that has changed', async () => {
    const { host } = await hostWith('')
    const unreadable = { ...host, userKnownHostsFiles: [keyDir] }
    await expect(checkHostKey({ host: unreadable, key: keys.rsa.blob })).rejects.toMatchObject({
      code: 'ssh.known-hosts-unusable',
    })
  })
})

describe('trust', () => {
  test('an unknown host is asked about once, and remembered', async () => {
    const { host, file } = await hostWith('')
    const prompts = fakePrompts(() => ({ kind: 'host-key', accept: true }))
    const trust = knownHostsTrust({ prompts, log })
    await Promise.all([1, 2, 3].map(() => trust.check(host, keys.rsa.blob, signal)))
    await trust.check(host, keys.rsa.blob, signal)
    expect(prompts.asked).toEqual([
      {
        kind: 'host-key',
        host: 'pi.lab',
        port: 22,
        keyType: 'ssh-rsa',
        fingerprint: fingerprint(keys.rsa.blob),
      },
    ])
    expect(await readFile(file, 'utf8')).toBe(`pi.lab ${keys.rsa.line}\n`)
  })

  test('a no is a no, and nothing is written', async () => {
    const { host } = await hostWith('')
    const prompts = fakePrompts(() => ({ kind: 'host-key', accept: false }))
    const trust = knownHostsTrust({ prompts, log })
    await expect(trust.check(host, keys.rsa.blob, signal)).rejects.toMatchObject({
      code: 'ssh.host-key-unknown',
    })
    expect(await verdictOf(host, keys.rsa)).toBe('unknown')
  })

  test('with "StrictHostKeyChecking yes" an unknown host is refused with its fingerprint, without a question', async () => {
    const { host } = await hostWith('', { unknownHosts: 'refuse' })
    const prompts = fakePrompts(() => ({ kind: 'host-key', accept: true }))
    await expect(knownHostsTrust({ prompts, log }).check(host, keys.rsa.blob, signal)).rejects.toMatchObject({
      code: 'ssh.host-key-unknown',
      message: expect.stringContaining(fingerprint(keys.rsa.blob)),
      remedy: expect.stringContaining('StrictHostKeyChecking ask'),
    })
    expect(prompts.asked).toEqual([])
    expect(await verdictOf(host, keys.rsa)).toBe('unknown')
  })

  test('with "accept-new" a new host is recorded and said, and from then on its key may not change', async () => {
    const { host, file } = await hostWith('', { unknownHosts: 'accept', hashKnownHosts: true })
    const lines: string[] = []
    const prompts = fakePrompts(() => ({ kind: 'host-key', accept: true }))
    const trust = knownHostsTrust({
      prompts,
      log: createLogger('test', 'warn', { write: (line) => lines.push(line) }),
    })
    await trust.check(host, keys.rsa.blob, signal)
    expect(await readFile(file, 'utf8')).toMatch(/^\|1\|\S+ ssh-rsa \S+\n$/)
    expect(lines.join('')).toContain(fingerprint(keys.rsa.blob))
    await expect(trust.check(host, keys.other.blob, signal)).rejects.toMatchObject({
      code: 'ssh.host-key-changed',
    })
    expect(prompts.asked).toEqual([])
  })

  test('"accept-new" asks where nothing can be put on record', async () => {
    const { host: blocked } = await hostWith('', { unknownHosts: 'accept' })
    const nowhere = [[], ['/dev/null'], [join(blocked.userKnownHostsFiles[0] ?? '', 'not-a-folder')]]
    await writeFile(blocked.userKnownHostsFiles[0] ?? '', '')
    for (const userKnownHostsFiles of nowhere) {
      const prompts = fakePrompts(() => ({ kind: 'host-key', accept: false }))
      const trust = knownHostsTrust({ prompts, log })
      await expect(
        trust.check({ ...blocked, userKnownHostsFiles }, keys.rsa.blob, signal),
      ).rejects.toMatchObject({ code: 'ssh.host-key-unknown' })
      expect(prompts.asked.length).toBe(1)
    }
  })

  test('a changed key is never asked about; the message has both fingerprints and the way out', async () => {
    const { host, file } = await hostWith(`[pi.lab]:2222 ${keys.ed25519.line}\n`, { port: 2222 })
    const prompts = fakePrompts(() => ({ kind: 'host-key', accept: true }))
    const failure = await knownHostsTrust({ prompts, log })
      .check(host, keys.other.blob, signal)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'ssh.host-key-changed', recovery: 'user' })
    const { message, remedy } = failure as { message: string; remedy: string }
    expect(message).toContain(fingerprint(keys.other.blob))
    expect(message).toContain(fingerprint(keys.ed25519.blob))
    expect(message).toContain(`${file} line 1`)
    expect(prompts.asked).toEqual([])
    // The remedy is a command that works.
    const command = /ssh-keygen -R .*?(?=, then)/.exec(remedy)?.[0] ?? 'false'
    await run('sh', ['-c', command])
    expect(await verdictOf(host, keys.other)).toBe('unknown')
  })

  test('revoked and unsupported hosts are refused without a question', async () => {
    const { host } = await hostWith(`@revoked * ${keys.rsa.line}\n@cert-authority *.lab ${keys.ecdsa.line}\n`)
    const prompts = fakePrompts(() => ({ kind: 'host-key', accept: true }))
    const trust = knownHostsTrust({ prompts, log })
    await expect(trust.check(host, keys.rsa.blob, signal)).rejects.toMatchObject({
      code: 'ssh.host-key-revoked',
    })
    await expect(trust.check(host, keys.other.blob, signal)).rejects.toMatchObject({
      code: 'ssh.host-key-unsupported',
    })
    expect(prompts.asked).toEqual([])
  })
})
