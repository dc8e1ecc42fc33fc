import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { resolveHost } from '../../../src/main/ssh/config/resolve-host.ts'
import { fakePrompts } from '../../support/fake-prompts.ts'
import { connectTo, failureOf, makeLogIn } from '../../support/log-in.ts'
import { makeKeyPair } from '../../support/make-keys.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

async function startHome(config: string) {
  const home = await makeTempDir('ssh-home-')
  await mkdir(join(home, '.ssh'), { mode: 0o700 })
  await writeFile(join(home, '.ssh', 'config'), config)
  const options = { configFiles: [join(home, '.ssh', 'config')], home, userName: 'nobody', env: {} }
  return {
    knownHostsFile: join(home, '.ssh', 'known_hosts'),
    resolve: (alias: string) => resolveHost({ alias }, options),
  }
}

const block = (alias: string, sshd: Sshd, ...lines: string[]) =>
  [
    `Host ${alias}`,
    `HostName ${sshd.host}`,
    `Port ${sshd.port}`,
    `User ${sshd.userName}`,
    `IdentityFile ${sshd.clientKeyFile}`,
    ...lines,
    '',
  ].join('\n')

const yes = () => fakePrompts(() => ({ kind: 'host-key', accept: true }))

test('an alias behind two jump hosts: every host is asked about once and remembered hashed', async () => {
  const [outer, inner, target] = await Promise.all(
    [1, 2, 3].map(() => startSshd({ teardown: onTestFinished })),
  )
  if (outer === undefined || inner === undefined || target === undefined) throw new Error('No sshd.')
  const { resolve, knownHostsFile } = await startHome(
    [
      block('outer', outer),
      block('inner', inner, 'ProxyJump outer'),
      block('target', target, 'ProxyJump inner'),
      'Host *\nHashKnownHosts yes\n',
    ].join('\n'),
  )
  const host = await resolve('target')
  const prompts = yes()
  expect(await connectTo(host, makeLogIn(), prompts)).toBe('logged in')
  expect(prompts.asked.map((question) => question.kind === 'host-key' && question.port)).toEqual(
    [outer, inner, target].map(({ port }) => port),
  )
  const lines = (await readFile(knownHostsFile, 'utf8')).trim().split('\n')
  expect(lines.map((line) => line.startsWith('|1|'))).toEqual([true, true, true])
  const again = yes()
  expect(await connectTo(host, makeLogIn(), again)).toBe('logged in')
  expect(again.asked).toEqual([])
})

test('a host that shows another key is refused before any key or password is offered', async () => {
  const sshd = await startSshd({ teardown: onTestFinished })
  const { resolve } = await startHome(block('pi', sshd))
  const host = await resolve('pi')
  await connectTo(host, makeLogIn(), yes())
  await sshd.stop()
  await sshd.replaceHostKey()
  await sshd.start()
  const prompts = yes()
  const failure = await failureOf(connectTo(host, makeLogIn(), prompts))
  expect(failure).toMatchObject({ code: 'ssh.host-key-changed', recovery: 'user' })
  expect(failure.message.match(/SHA256:/g)?.length).toBe(2)
  expect(prompts.asked).toEqual([])
  expect(sshd.log()).not.toMatch(/publickey/)
})

test('of several host keys the server is asked for one that is on record', async () => {
  const dir = await makeTempDir('host-key-')
  for (const kind of [
    ['-t', 'rsa', '-b', '2048'],
    ['-t', 'ecdsa'],
  ]) {
    const key = await makeKeyPair(dir, kind.join(''), kind)
    const sshd = await startSshd({ teardown: onTestFinished, config: [`HostKey ${key.file}`] })
    const { resolve, knownHostsFile } = await startHome(block('pi', sshd))
    await writeFile(knownHostsFile, `[${sshd.host}]:${sshd.port} ${key.line}\n`)
    const prompts = yes()
    expect(await connectTo(await resolve('pi'), makeLogIn(), prompts)).toBe('logged in')
    expect(prompts.asked).toEqual([])
  }
})
