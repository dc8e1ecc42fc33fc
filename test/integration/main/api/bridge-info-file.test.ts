import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectBridge } from '../../../../src/main/api/api-client.ts'
import { bridgeRuntimeDir } from '../../../../src/main/api/runtime-dir.ts'
import { type ApiHome, makeApiHome } from '../../../support/start-api-server.ts'

test('the token, address and process of a running bridge are in a file for this user alone, until it stops', async () => {
  const { dir, start } = await makeApiHome()
  const server = await start()
  expect(JSON.parse(await readFile(server.infoFile, 'utf8'))).toEqual({
    url: server.url,
    token: server.token,
    pid: process.pid,
    version: '0.1.0',
  })
  expect((await stat(server.infoFile)).mode & 0o777).toBe(0o600)
  expect((await stat(join(dir, 'run'))).mode & 0o777).toBe(0o700)
  expect(Buffer.from(server.token.slice(4), 'base64url')).toHaveLength(32)
  expect(server.url).not.toContain(server.token)
  await Promise.all([server.close(), server.close()])
  expect(await readdir(join(dir, 'run'))).toEqual([])
})

test('a second bridge of the same folder is refused and leaves the first one as it is', async () => {
  const { dir, start } = await makeApiHome()
  const first = await start()
  await expect(start()).rejects.toMatchObject({
    code: 'bridge.already-running',
    message: `A bridge of this user runs already: process ${process.pid}, version 0.1.0, by ${first.infoFile}.`,
    remedy: expect.stringContaining('"sovereign dashboard"') as string,
  })
  const face = await connectBridge({ infoFile: first.infoFile })
  await face.probe({})
  await start({ runtimeDir: join(dir, 'other') })
})

test('of two bridges that start at once, over the file of a dead one, one wins', async () => {
  const { dir, start } = await makeApiHome()
  await mkdir(join(dir, 'run'), { mode: 0o700 })
  await writeFile(join(dir, 'run/bridge.json'), await staleInfo())
  const outcomes = await Promise.allSettled([start(), start(), start()])
  const reasons = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
  expect(reasons).toEqual(['bridge.already-running', 'bridge.already-running'])
  expect(await readdir(join(dir, 'run'))).toEqual(['bridge.json'])
  await (await connectBridge({ infoFile: join(dir, 'run/bridge.json') })).probe({})
})

/** What a bridge that was killed leaves behind, with this living process as its id. */
async function staleInfo(port?: number): Promise<string> {
  const probe = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.on('listening', resolve))
  const free = (probe.address() as AddressInfo).port
  await new Promise((resolve) => probe.close(resolve))
  const token = `sbb_${'A'.repeat(43)}`
  const url = `ws://127.0.0.1:${port ?? free}/api`
  return JSON.stringify({ url, token, pid: process.pid, version: '0.0.9' })
}

test.each<[string, (home: ApiHome) => Promise<string>]>([
  ['nobody listens any more', async () => await staleInfo()],
  ['half of it was written', async () => '{"url":"ws://127'],
  ['it is empty', async () => ''],
  [
    'another program took the port',
    async () => {
      const server = createServer((_request, response) => response.writeHead(200).end('hello')).listen(
        0,
        '127.0.0.1',
      )
      await new Promise((resolve) => server.on('listening', resolve))
      onTestFinished(() => void server.close())
      return await staleInfo((server.address() as AddressInfo).port)
    },
  ],
  [
    'another bridge took the port',
    async ({ dir, start }) => {
      const other = await start({ runtimeDir: join(dir, 'other') })
      return await staleInfo(Number(new URL(other.url).port))
    },
  ],
])('the file of a dead bridge is replaced: %s', async (_why, content) => {
  const home = await makeApiHome()
  const { dir, start } = home
  await mkdir(join(dir, 'run'), { mode: 0o700 })
  await writeFile(join(dir, 'run/bridge.json'), await content(home))
  const server = await start()
  await (await connectBridge({ infoFile: server.infoFile })).probe({})
})

test('a bridge that stops takes away its own file only', async () => {
  const { start } = await makeApiHome()
  const server = await start()
  await writeFile(server.infoFile, 'of another one')
  await server.close()
  expect(await readFile(server.infoFile, 'utf8')).toBe('of another one')
})

test('a folder that others may enter is shut, and one that is a link is refused', async () => {
  const { dir, start } = await makeApiHome()
  await mkdir(join(dir, 'run'))
  await chmod(join(dir, 'run'), 0o777)
  await start()
  expect((await stat(join(dir, 'run'))).mode & 0o777).toBe(0o700)
  await symlink(join(dir, 'run'), join(dir, 'link'))
  await expect(start({ runtimeDir: join(dir, 'link') })).rejects.toMatchObject({
    code: 'bridge.info-unusable',
    message: `${join(dir, 'link')} is not a folder.`,
  })
})

test('addresses that others can reach and ports that are taken are refused', async () => {
  const { dir, start } = await makeApiHome()
  await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'port.forbidden' })
  const port = Number(new URL((await start()).url).port)
  await expect(start({ port, runtimeDir: join(dir, 'other') })).rejects.toMatchObject({ code: 'port.taken' })
  expect(await readdir(join(dir, 'other'))).toEqual([])
})

test('without a bridge a face says so and what to do', async () => {
  const { dir } = await makeApiHome()
  await expect(connectBridge({ env: { SOVEREIGN_RUNTIME_DIR: dir } })).rejects.toMatchObject({
    code: 'bridge.not-running',
    message: `No bridge runs for this user: there is no ${join(dir, 'bridge.json')}.`,
    remedy: 'Start it with "sovereign bridge", or start the tray app.',
  })
  await writeFile(join(dir, 'bridge.json'), await staleInfo(), { mode: 0o600 })
  await expect(connectBridge({ infoFile: join(dir, 'bridge.json') })).rejects.toMatchObject({
    code: 'bridge.not-running',
  })
})

test.each([
  [
    'another machine',
    '{"url":"ws://192.0.2.1:80/api","token":"AAAAAAAAAAAAAAAAAAAA","pid":1,"version":"1"}',
    0o600,
  ],
  ['a file that others can write', '{}', 0o666],
])('a face sends nothing to %s', async (_what, content, mode) => {
  const { dir } = await makeApiHome()
  const infoFile = join(dir, 'bridge.json')
  await writeFile(infoFile, content)
  await chmod(infoFile, mode)
  await expect(connectBridge({ infoFile })).rejects.toMatchObject({ code: 'bridge.info-unusable' })
})

test.each([
  ['linux', { XDG_RUNTIME_DIR: '/run/user/7' }, '/run/user/7/sovereign-bridge'],
  ['linux', { XDG_CONFIG_HOME: '/home/eve/.config' }, '/home/eve/.config/sovereign-bridge/run'],
  ['win32', { LOCALAPPDATA: '/eve/Local' }, '/eve/Local/sovereign-bridge/run'],
  ['linux', { SOVEREIGN_RUNTIME_DIR: '/x', XDG_RUNTIME_DIR: '/run/user/7' }, '/x'],
] as const)('the info file is in a folder of the user on %s with %j', (platform, env, expected) => {
  expect(bridgeRuntimeDir(env, platform)).toBe(expected)
})
