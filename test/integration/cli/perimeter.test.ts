import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { PEER_KEYS } from '../../support/make-perimeter.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { runSovereign } from '../../support/sovereign-process.ts'

/** A computer of its own, as far as files go. */
async function makeHome() {
  const home = await makeTempDir('perimeter-cli-')
  const run = async (...args: string[]) => {
    // Nothing but Node is found on this computer.
    const env = { HOME: home, XDG_CONFIG_HOME: '', PATH: dirname(process.execPath) }
    const sovereign = runSovereign(['perimeter', ...args], env)
    const code = await sovereign.finished
    return { code, out: sovereign.stdout(), err: sovereign.stderr() }
  }
  const file = join(home, 'perimeter.jsonc')
  return { home, file, run }
}

test('from nothing to a peer: a file to begin with, a look at it, and a configuration that nobody else reads', async () => {
  const { file, home, run } = await makeHome()
  expect((await run('init', file)).code).toBe(0)
  const again = await run('init', file)
  expect(again).toMatchObject({
    code: 1,
    err: expect.stringContaining('is there already and stays as it is'),
  })

  const checked = await run('check', file)
  expect(checked).toMatchObject({ code: 0, out: expect.stringContaining('is all right.') })
  expect(checked.out).toContain('UDP port 51820, 0 peers')

  const keyless = await run('peers', 'add', 'laptop', '--file', file)
  expect(keyless).toMatchObject({ code: 1, err: expect.stringContaining('--router-key') })
  const conf = join(home, 'laptop.conf')
  const key = ['--router-key', PEER_KEYS.router]
  const pictureless = await run('peers', 'add', 'laptop', '--file', file, ...key, '--qr')
  expect(pictureless).toMatchObject({ code: 1, err: expect.stringContaining('qrencode is not installed') })
  const added = await run('peers', 'add', 'laptop', '--file', file, ...key, '--out', conf)
  expect(added).toMatchObject({ code: 0, out: expect.stringContaining('Peer laptop has 10.10.10.2.') })
  const secret = /PrivateKey = (\S+)/.exec(await readFile(conf, 'utf8'))?.[1] ?? 'none'
  expect(secret).toHaveLength(44)
  expect(added.out + added.err + (await readFile(file, 'utf8'))).not.toContain(secret)
  expect((await stat(conf)).mode & 0o777).toBe(0o600)

  expect((await run('peers', 'list', '--file', file)).out).toMatch(
    /^NAME +ADDRESS[\s\S]*laptop +10\.10\.10\.2/,
  )
  await run('peers', 'revoke', 'laptop', '--file', file)
  const { peers, revoked } = JSON.parse((await run('peers', 'list', '--json', '--file', file)).out)
  expect([peers.length, revoked[0].name]).toEqual([0, 'laptop'])
})

test('what is wrong with a file is named with its place, and nothing is rendered from it', async () => {
  const { file, run } = await makeHome()
  await writeFile(file, '{\n  "router": { "lan": { "address": "192.168.250.1" } }\n}\n')
  for (const command of [
    ['check', file],
    ['render', '--file', file],
  ]) {
    const { code, err, out } = await run(...command)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`${file}:2:35: router.lan.address: use an address with its prefix`)
  }
})

test('what is rendered is printed, or written with the rights that each file has to have', async () => {
  const { file, home, run } = await makeHome()
  await run('init', file)
  const printed = await run('render', '--file', file)
  expect(printed.out).toContain('#### router: /etc/sovereign/router.uci (0600)')
  expect(printed.out).toContain('#### server: /etc/pf.anchors/sovereign (0644)')

  const out = join(home, 'out')
  expect((await run('render', '--file', file, '--target', 'router', '--out', out)).code).toBe(0)
  expect(await readdir(out)).toEqual(['router'])
  const mode = async (path: string) => ((await stat(join(out, 'router', path))).mode & 0o777).toString(8)
  expect(await mode('etc/sovereign/router.uci')).toBe('600')
  expect(await mode('etc/sovereign/preflight.sh')).toBe('700')
  expect(await mode('lib/upgrade/keep.d/sovereign')).toBe('644')
  expect(await readFile(join(out, 'router/activate.sh'), 'utf8')).toMatch(
    /^#!\/bin\/sh\n[\s\S]*set -e\nsh \/etc\/sovereign\/preflight\.sh/,
  )
})

test('a name that Linux has no room for is said to be too long for a tunnel there', async () => {
  const { file, home, run } = await makeHome()
  await run('init', file)
  const add = (name: string, ...more: string[]) =>
    run('peers', 'add', name, '--file', file, '--router-key', PEER_KEYS.router, ...more)
  expect((await add('sixteen-letters-')).out).toContain('at most 15 characters before ".conf"')
  expect((await add('fifteen-letters')).out).not.toContain('at most 15')
  expect((await add('another-long-name', '--out', join(home, 'short.conf'))).out).not.toContain('at most 15')
})

test('nothing is verified as a VPN client where there is no VPN', async () => {
  const { file, run } = await makeHome()
  const server = { address: '192.168.250.20', isolation: { kind: 'host' } }
  const router = { lan: { address: '192.168.250.1/24' } }
  await writeFile(file, JSON.stringify({ router, server, options: { lanOnly: true } }))
  expect(await run('verify', '--as', 'vpn', '--file', file)).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('The perimeter has no VPN'),
  })
})
