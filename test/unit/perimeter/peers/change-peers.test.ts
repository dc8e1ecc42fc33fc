import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { lstat, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { changePerimeter } from '../../../../src/perimeter/file/change-file.ts'
import { INIT_TEXT } from '../../../../src/perimeter/file/init-text.ts'
import { readPerimeter } from '../../../../src/perimeter/file/read-perimeter.ts'
import { addPeer, revokePeer } from '../../../../src/perimeter/peers/change-peers.ts'
import { makeKeyPair } from '../../../../src/perimeter/peers/keys.ts'
import { PEER_KEYS, perimeterValue } from '../../../support/make-perimeter.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

const NOW = Date.parse('2027-03-04T05:06:07Z')
const DAY_MS = 86_400_000

let folder: string
let path: string
beforeEach(async () => {
  folder = await makeTempDir('peers-')
  path = join(folder, 'perimeter.jsonc')
  await writeFile(path, INIT_TEXT, { mode: 0o640 })
})

function add(
  name: string,
  changes: { routerKey?: string | undefined; confPath?: string; now?: number } = {},
) {
  const { confPath = join(folder, 'peers', `${name}.conf`), now = NOW } = changes
  const routerKey = 'routerKey' in changes ? changes.routerKey : PEER_KEYS.router
  return addPeer(path, { name, routerKey, confPath }, { now })
}

const revoke = (name: string, now = NOW) => revokePeer(path, name, { now, confFolder: join(folder, 'peers') })
const text = (file = path) => readFile(file, 'utf8')

test('a peer gets keys, the next address and a configuration for its owner alone', async () => {
  const { peer } = await add('laptop')
  const conf = join(folder, 'peers', 'laptop.conf')
  expect(peer).toMatchObject({ name: 'laptop', address: '10.10.10.2' })
  expect((await stat(conf)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'peers'))).mode & 0o777).toBe(0o700)
  expect(await text(conf)).toMatch(
    new RegExp(
      [
        String.raw`^\[Interface\]`,
        String.raw`PrivateKey = \S{43}=`,
        String.raw`Address = 10\.10\.10\.2/32`,
        '',
        String.raw`\[Peer\]`,
        `PublicKey = ${PEER_KEYS.router}`,
        String.raw`Endpoint = vpn\.example\.org:51820`,
        String.raw`AllowedIPs = 192\.168\.251\.20/32`,
        'PersistentKeepalive = 25',
      ].join('\n'),
      'm',
    ),
  )
  expect((await add('phone')).peer.address).toBe('10.10.10.3')
})

test('the file keeps its comments, its rights and everything else, and learns no private key', async () => {
  const { conf } = await add('laptop')
  const changed = await text()
  for (const line of INIT_TEXT.split('\n').filter((one) => one.includes('//')))
    expect(changed).toContain(line.trim())
  expect((await stat(path)).mode & 0o777).toBe(0o640)
  const secret = /PrivateKey = (\S+)/.exec(conf)?.[1] ?? 'none'
  expect(changed).not.toContain(secret)
  expect((await readPerimeter(path)).wireguard?.publicKey).toBe(PEER_KEYS.router)
  // From now on the key of the router is known.
  await add('phone', { routerKey: undefined })
})

test('with IPv6 a peer has an address in both, and reaches the server by both and nothing else', async () => {
  await writeFile(path, JSON.stringify(perimeterValue()))
  const { conf, peer } = await add('tablet')
  expect(peer).toMatchObject({ address: '10.10.10.4', address6: 'fd00:10::4' })
  expect(conf).toContain('AllowedIPs = 192.168.251.20/32, fd00:251::20/128\n')
})

test('a revoked peer is kept on record: its address rests for a month, its key never comes back', async () => {
  const { peer } = await add('laptop')
  await revoke('laptop')
  const { peers, revoked } = await readPerimeter(path)
  expect(peers).toEqual([])
  expect(revoked).toEqual([{ ...peer, at: '2027-03-04' }])
  expect(await readdir(join(folder, 'peers'))).toEqual([])
  expect((await add('laptop')).peer.address).toBe('10.10.10.3')
  expect((await add('later', { now: NOW + 31 * DAY_MS })).peer.address).toBe('10.10.10.2')
  const back = { ...peer, name: 'back', address: '10.10.10.9' }
  await expect(
    changePerimeter(path, async () => ({
      edits: [{ path: ['peers', 0], value: back, insert: true }],
      result: undefined,
    })),
  ).rejects.toThrow(/was revoked on 2027-03-04 with peer "laptop"/)
})

describe('what is refused leaves everything as it was', () => {
  test.each<[string, Parameters<typeof add>, string]>([
    ['a name that is none', ['Laptop'], 'perimeter.invalid'],
    ['a name that is a path', ['../laptop'], 'perimeter.invalid'],
    ['a router without a key', ['laptop', { routerKey: undefined }], 'perimeter.no-router-key'],
    ['a key that is none', ['laptop', { routerKey: 'short' }], 'perimeter.invalid'],
  ])('%s', async (_name, args, code) => {
    await expect(add(...args)).rejects.toMatchObject({ code })
    expect(await text()).toBe(INIT_TEXT)
    expect((await readdir(folder, { recursive: true })).filter((name) => /conf|lock|tmp/.test(name))).toEqual(
      [],
    )
  })

  test('a name that is taken', async () => {
    await add('laptop')
    await expect(add('laptop', { confPath: join(folder, 'other.conf') })).rejects.toMatchObject({
      code: 'perimeter.peer-exists',
    })
  })

  test('a configuration that is there', async () => {
    const confPath = join(folder, 'mine.conf')
    await writeFile(confPath, 'mine')
    await expect(add('laptop', { confPath })).rejects.toMatchObject({ code: 'perimeter.exists' })
    expect(await text(confPath)).toBe('mine')
    expect(await text()).toBe(INIT_TEXT)
  })

  test('a peer that there is not', async () => {
    await expect(revoke('nobody')).rejects.toMatchObject({ code: 'perimeter.peer-unknown' })
    await add('phone')
    await revoke('phone')
    await expect(revoke('phone')).rejects.toThrow(/"phone" any more: it was revoked on \d{4}-\d\d-\d\d/)
  })

  test('a VPN that is full', async () => {
    await writeFile(path, INIT_TEXT.replace('10.10.10.1/24', '10.10.10.1/30'))
    expect((await add('laptop')).peer.address).toBe('10.10.10.2')
    await expect(add('phone')).rejects.toMatchObject({ code: 'perimeter.no-address' })
  })
})

test('of two at once each either counts whole or is refused, and nothing is lost', async () => {
  const names = ['one', 'two', 'three', 'four']
  const results = await Promise.allSettled(names.map((name) => add(name)))
  const added = names.filter((_, index) => results[index]?.status === 'fulfilled')
  expect(added.length).toBeGreaterThan(0)
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'perimeter.busy' })
  const { peers } = await readPerimeter(path)
  expect(new Set(peers.map(({ name }) => name))).toEqual(new Set(added))
  expect(peers).toHaveLength(added.length)
  const files = await readdir(join(folder, 'peers'))
  expect(new Set(files)).toEqual(new Set(added.map((name) => `${name}.conf`)))
})

test('what somebody writes into the file meanwhile is not lost', async () => {
  const edited = INIT_TEXT.replace('{\n', '{\n  // Edited.\n')
  const confPath = join(folder, 'peers', 'laptop.conf')
  const makeKeys = () => {
    writeFileSync(path, edited)
    return makeKeyPair()
  }
  const wish = { name: 'laptop', routerKey: PEER_KEYS.router, confPath }
  await expect(addPeer(path, wish, { now: NOW, makeKeys })).rejects.toMatchObject({
    code: 'perimeter.busy',
    message: `${path} was changed by somebody else in this moment.`,
  })
  expect(await text()).toBe(edited)
  expect(await readdir(join(folder, 'peers'))).toEqual([])
})

test('a file that is somewhere else stays there', async () => {
  const real = join(folder, 'kept.jsonc')
  await rename(path, real)
  await symlink(real, path)
  await add('laptop')
  expect((await lstat(path)).isSymbolicLink()).toBe(true)
  expect((await readPerimeter(real)).peers).toHaveLength(1)
})

test('a lock of a process that is gone keeps nobody out, one of a process that runs does', async () => {
  const { pid } = spawnSync('true')
  await writeFile(`${path}.lock`, String(pid))
  await add('laptop')
  await writeFile(`${path}.lock`, String(process.pid))
  await expect(add('phone')).rejects.toThrow(`process ${process.pid}`)
})

test('a private key is in the form that wg writes', () => {
  for (let round = 0; round < 20; round += 1) {
    const bytes = Buffer.from(makeKeyPair().privateKey, 'base64')
    expect(bytes).toHaveLength(32)
    expect([bytes.readUInt8(0) & 7, bytes.readUInt8(31) & 0b1100_0000]).toEqual([0, 0b0100_0000])
  }
})

const hasWg = spawnSync('wg', ['--version']).status === 0
if (!hasWg) console.warn('KEYS ARE NOT COMPARED WITH THOSE OF wg: wireguard-tools is not installed.')
test.skipIf(!hasWg)('wg finds the same public key for a private one', () => {
  for (let round = 0; round < 20; round += 1) {
    const { privateKey, publicKey } = makeKeyPair()
    expect(spawnSync('wg', ['pubkey'], { input: privateKey, encoding: 'utf8' }).stdout.trim()).toBe(publicKey)
  }
})
