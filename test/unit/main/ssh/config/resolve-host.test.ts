import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { namedHosts, resolveHost } from '../../../../../src/main/ssh/config/resolve-host.ts'
import type { SshTarget } from '../../../../../src/main/ssh/link.ts'
import { makeTempDir } from '../../../../support/make-temp-dir.ts'

async function startHome(config: string, files: Readonly<Record<string, string>> = {}) {
  const home = await makeTempDir('ssh-home-')
  await mkdir(join(home, '.ssh', 'conf.d'), { recursive: true })
  for (const [name, content] of Object.entries({ config, ...files })) {
    await writeFile(join(home, '.ssh', name), content)
  }
  const options = { configFiles: [join(home, '.ssh', 'config')], home, userName: 'me', env: {} }
  return { home, options, resolve: (target: SshTarget) => resolveHost(target, options) }
}

const where = ({ user, hostName, port }: { user: string; hostName: string; port: number }) =>
  `${user}@${hostName}:${port}`

test('a destination that is typed out needs no configuration', async () => {
  const { resolve } = await startHome('')
  const typed = ['pi', 'you@pi', 'you@pi:2222', 'ssh://you@pi:2222/', '[::1]:2222', 'fe80::1', 'a@b@pi']
  const hosts = await Promise.all(typed.map((alias) => resolve({ alias })))
  expect(hosts.map(where)).toEqual([
    'me@pi:22',
    'you@pi:22',
    'you@pi:2222',
    'you@pi:2222',
    'me@::1:2222',
    'me@fe80::1:22',
    'a@b@pi:22',
  ])
  expect(hosts.map(({ displayName }) => displayName)).toEqual(typed)
})

test('what is no destination is refused before anything is dialled', async () => {
  const { resolve } = await startHome('')
  for (const alias of ['', '@', 'a b', '-oProxyCommand=x', 'pi:0', 'pi:ssh', 'you@', 'x;y', '$(id)']) {
    await expect(resolve({ alias })).rejects.toMatchObject({ code: 'ssh.config-invalid' })
  }
})

test('a StrictHostKeyChecking that is no known word is named with its line', async () => {
  const { resolve } = await startHome('Host pi\n StrictHostKeyChecking never\n')
  await expect(resolve({ alias: 'pi' })).rejects.toMatchObject({
    code: 'ssh.config-invalid',
    message: expect.stringContaining('"never"'),
  })
})

test('a user and a port that are typed go before those of the configuration', async () => {
  const { resolve } = await startHome('Host pi\n HostName 10.0.0.9\n User conf\n Port 5\n')
  expect(where(await resolve({ alias: 'pi' }))).toBe('conf@10.0.0.9:5')
  expect(where(await resolve({ alias: 'typed@pi:6' }))).toBe('typed@10.0.0.9:6')
})

test('a target that is spelled out still gets what the configuration says for its host', async () => {
  const { resolve, home } = await startHome('Host *.lab\n IdentityFile ~/lab\n ProxyJump gate\n')
  const host = await resolve({ host: 'a.lab', port: 2, user: 'you', identityFile: '~/mine' })
  expect(where(host)).toBe('you@a.lab:2')
  expect(host.identityFiles).toEqual([join(home, 'mine'), join(home, 'lab')])
  expect(host.jumps.map(where)).toEqual(['me@gate:22'])
  expect(host.displayName).toBe('you@a.lab:2')
})

test('jumps are resolved through their own aliases, first dialled first', async () => {
  const { resolve } = await startHome(`
Host inner
  ProxyJump first,you@second:23,ssh://third
Host first
  HostName first.example.com
  ProxyJump outermost
Host second
  HostName second.example.com
  User ignored
  Port 9
  ProxyJump not-used-because-the-list-says-how
Host third
  Port 24
Host outermost
  User outer
`)
  const { jumps } = await resolve({ alias: 'inner' })
  expect(jumps.map(where)).toEqual([
    'outer@outermost:22',
    'me@first.example.com:22',
    'you@second.example.com:23',
    'me@third:24',
  ])
  expect(jumps.flatMap((jump) => jump.jumps)).toEqual([])
})

test('tokens in ProxyJump stand for the host behind it', async () => {
  const { resolve } = await startHome('Host db\n HostName db.lab\n User you\n ProxyJump %r@gate-%n\n')
  expect((await resolve({ alias: 'db' })).jumps.map(where)).toEqual(['you@gate-db:22'])
})

test('jumps in a circle are named', async () => {
  const { resolve } = await startHome('Host a\n ProxyJump b\nHost b\n ProxyJump c\nHost c\n ProxyJump a\n')
  await expect(resolve({ alias: 'a' })).rejects.toMatchObject({
    code: 'ssh.config-invalid',
    message: 'ProxyJump goes in a circle: a → b → c → a.',
  })
})

test('ProxyJump none keeps a later ProxyJump away', async () => {
  const { resolve } = await startHome('Host gate\n ProxyJump none\nHost *\n ProxyJump gate\n')
  expect((await resolve({ alias: 'gate' })).jumps).toEqual([])
  expect((await resolve({ alias: 'x' })).jumps.map(where)).toEqual(['me@gate:22'])
})

test('ProxyCommand is refused with the line and the way out', async () => {
  const { resolve } = await startHome('Host old\n ProxyCommand ssh gate -W "%h:%p"\n')
  await expect(resolve({ alias: 'old' })).rejects.toMatchObject({
    code: 'ssh.config-invalid',
    message: expect.stringMatching(/config line 2: ProxyCommand/),
    remedy: expect.stringContaining('ProxyJump'),
  })
  await expect(resolve({ alias: 'other' })).resolves.toMatchObject({ jumps: [] })
})

test('Match exec is never run, and only refused where it would decide', async () => {
  const { resolve, home } = await startHome('Match host pi exec "touch %d/ran"\n User x\n')
  await expect(resolve({ alias: 'pi' })).rejects.toMatchObject({
    message: expect.stringMatching(/line 1: "Match exec"/),
  })
  await expect(resolve({ alias: 'other' })).resolves.toMatchObject({ user: 'me' })
  expect(existsSync(join(home, 'ran'))).toBe(false)
})

test('tokens and variables in key files are filled in', async () => {
  const { options, home } = await startHome(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is ssh_config's way to name a variable.
    'Host pi\n HostName Real.Name\n Port 7\n IdentityFile ~/k/%h_%n_%p_%r_%u_%%\n IdentityFile ${KEYS}/id%%\n User you\n',
  )
  const host = await resolveHost({ alias: 'pi' }, { ...options, env: { KEYS: '/ke%ys' } })
  expect(host.identityFiles).toEqual([join(home, 'k/real.name_pi_7_you_me_%'), '/ke%ys/id%'])
})

test('the usual keys are tried as far as they exist, in the order of ssh', async () => {
  const { resolve, home } = await startHome('', { id_ed25519: '', id_rsa: '', id_dsa: '', id_other: '' })
  expect((await resolve({ alias: 'pi' })).identityFiles).toEqual([
    join(home, '.ssh/id_rsa'),
    join(home, '.ssh/id_ed25519'),
  ])
})

test('IdentityFile none means none', async () => {
  const { resolve } = await startHome('IdentityFile none\n', { id_rsa: '' })
  expect((await resolve({ alias: 'pi' })).identityFiles).toEqual([])
})

test('Include is relative to the ssh folder of the user', async () => {
  const { resolve } = await startHome('Include conf.d/*.conf ~/.ssh/more\n', {
    'conf.d/a.conf': 'Host pi\n Port 3\n',
    more: 'User more\n',
  })
  expect(where(await resolve({ alias: 'pi' }))).toBe('more@pi:3')
})

test('a configuration that anybody may change is not used', async () => {
  const { resolve, options } = await startHome('Host pi\n')
  await chmod(options.configFiles[0] ?? '', 0o666)
  await expect(resolve({ alias: 'pi' })).rejects.toMatchObject({
    code: 'ssh.config-invalid',
    remedy: expect.stringContaining('chmod go-w'),
  })
})

test('hosts to choose from are names without patterns, each once, also from included files', async () => {
  const { options } = await startHome(
    'Host pi web\n Port 7\nHost *.lab !x y?\nInclude more\nHost pi Zeta\nHost odd\n ProxyCommand nc %h %p\n',
    { more: 'Host inner\n User eve\nMatch host other\n' },
  )
  const found = await namedHosts(options)
  const lines = found.map(({ alias, file, line, resolved }) => [
    alias,
    `${basename(file)}:${line}`,
    resolved && where(resolved),
  ])
  expect(lines).toEqual([
    ['pi', 'config:1', 'me@pi:7'],
    ['web', 'config:1', 'me@web:7'],
    ['inner', 'more:1', 'me@inner:22'],
    ['Zeta', 'config:5', 'me@zeta:22'],
    ['odd', 'config:6', undefined],
  ])
})
