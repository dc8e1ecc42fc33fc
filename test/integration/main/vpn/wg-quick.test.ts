import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createVpn, type Vpn } from '../../../../src/main/vpn/vpn.ts'
import { type RunTool, toolRunner } from '../../../../src/node/run-tool.ts'
import { createNetworkNamespace, NO_NAMESPACES } from '../../../support/network-namespace.ts'

const run = promisify(execFile)

/** wg-quick of this machine, in a network of its own, with the configuration "home" under its /etc/wireguard. */
async function startWorld(): Promise<{ readonly vpn: Vpn; readonly asked: string[][] }> {
  const namespace = await createNetworkNamespace(onTestFinished)
  // "ip netns exec" lays this over /etc.
  const etc = join('/etc/netns', namespace.name)
  onTestFinished(() => rm(etc, { recursive: true, force: true }))
  await mkdir(join(etc, 'wireguard'), { recursive: true })
  await mkdir('/etc/wireguard', { recursive: true, mode: 0o700 })
  const { stdout: key } = await run('wg', ['genkey'])
  const { stdout: other } = await run('wg', ['genkey'])
  const peer = await publicKey(other)
  await writeFile(
    join(etc, 'wireguard/home.conf'),
    `[Interface]\nPrivateKey = ${key.trim()}\nAddress = 10.99.0.2/32\nMTU = 1420\n\n[Peer]\nPublicKey = ${peer}\nAllowedIPs = 10.99.0.1/32\nEndpoint = 198.18.0.1:51820\n`,
    { mode: 0o600 },
  )
  const tool = toolRunner({ ...process.env, WG_QUICK_USERSPACE_IMPLEMENTATION: 'wireguard-go' })
  const asked: string[][] = []
  const [program = '', ...launcher] = namespace.launcher
  const within: RunTool = (name, args) => {
    asked.push([name, ...args])
    return tool(program, [...launcher, name, ...args])
  }
  const vpn = createVpn({ platform: 'linux', env: process.env, isRoot: true, run: within })
  // The program behind the interface ends with it.
  onTestFinished(() => vpn.set('home', 'down').catch(() => undefined))
  return { vpn, asked }
}

function publicKey(key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('wg', ['pubkey'], (error, stdout) =>
      error ? reject(error) : resolve(stdout.trim()),
    )
    child.stdin?.end(key)
  })
}

let missing = NO_NAMESPACES
beforeAll(async () => {
  for (const tool of ['wg-quick', 'wireguard-go'])
    await run('which', [tool]).catch(() => {
      missing ??= `${tool} is not installed`
    })
  if (missing !== undefined) console.warn(`skipped: ${missing}`)
})

test('wg-quick brings a tunnel up, tells where it leads, and brings it down', async ({ skip }) => {
  skip(missing !== undefined, missing)
  const { asked, vpn } = await startWorld()
  expect(await vpn.look('home')).toEqual({ isUp: false, system: 'wg-quick', details: { kind: 'hidden' } })
  await vpn.set('home', 'up')
  expect(await vpn.look('home')).toEqual({
    isUp: true,
    system: 'wg-quick',
    details: { kind: 'known', endpoint: '198.18.0.1:51820', handshakeAt: undefined },
  })
  await vpn.set('home', 'down')
  expect(await vpn.look('home')).toMatchObject({ isUp: false })
  // Both would print the private key.
  expect(asked.filter((words) => words.includes('dump') || words.includes('showconf'))).toEqual([])
})

test('a tunnel without a configuration is said to be missing', async ({ skip }) => {
  skip(missing !== undefined, missing)
  const { vpn } = await startWorld()
  await expect(vpn.set('office', 'up')).rejects.toMatchObject({
    code: 'vpn.not-found',
    message: expect.stringContaining('office'),
  })
})
