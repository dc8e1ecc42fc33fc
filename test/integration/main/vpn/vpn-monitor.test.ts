import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lastVerifyPath } from '../../../../src/node/perimeter-paths.ts'
import type { VpnState } from '../../../../src/shared/state/vpn.ts'
import { makeVpnWorld, VPN_SHAPES, type VpnWorld } from '../../../support/make-vpn-world.ts'
import { startBridge, type TestBridge } from '../../../support/start-bridge.ts'

interface Started extends TestBridge, VpnWorld {
  /** Every state of the tunnel that was published. */
  readonly seen: VpnState[]
}

async function start(profile: Record<string, unknown>, env: Record<string, string> = {}): Promise<Started> {
  const [shape] = VPN_SHAPES
  if (shape === undefined) throw new Error('no shape')
  const world = await makeVpnWorld(shape, onTestFinished)
  const started = await startBridge({
    teardown: onTestFinished,
    profile,
    services: { vpn: world.vpn, env },
  })
  const seen: VpnState[] = []
  onTestFinished(started.bridge.onState(({ vpn }) => seen.at(-1) !== vpn && seen.push(vpn)))
  return { ...started, ...world, seen }
}

const settled = ({ vpn }: { readonly vpn: VpnState }) => vpn.kind === 'up' || vpn.kind === 'down'
const HOME = { vpn: { tunnel: 'home' } }

test('a profile without a tunnel has none to change', async () => {
  const { bridge } = await start({})
  await bridge.api.lookAtVpn({})
  expect(bridge.state.vpn).toEqual({ kind: 'off' })
  await expect(bridge.api.setVpn({ to: 'up' })).rejects.toMatchObject({ code: 'api.not-found' })
})

test('the tunnel is told of before anybody is connected, and brought up and down on order', async () => {
  const { bridge, seen, state } = await start(HOME)
  expect(await state(settled, 'first look')).toMatchObject({
    wanted: 'disconnected',
    vpn: { kind: 'down', tunnel: 'home', system: 'networkmanager' },
  })
  await bridge.api.setVpn({ to: 'up' })
  expect(bridge.state.vpn).toMatchObject({ kind: 'up', tunnel: 'home' })
  await bridge.api.setVpn({ to: 'down' })
  expect(bridge.state.vpn).toMatchObject({ kind: 'down' })
  expect(seen.map(({ kind }) => kind)).toEqual(['down', 'changing', 'up', 'changing', 'down'])
})

test('what cannot be changed fails with its cause, and the tunnel is shown as it is', async () => {
  const { bridge, deny, state } = await start(HOME)
  await state(settled, 'first look')
  await deny()
  await expect(bridge.api.setVpn({ to: 'up' })).rejects.toMatchObject({ code: 'vpn.not-allowed' })
  expect(bridge.state.vpn).toMatchObject({ kind: 'down' })
})

test('a tunnel that the system does not know is named as missing', async () => {
  const { state } = await start({ vpn: { tunnel: 'elsewhere' } })
  const { vpn } = await state(({ vpn: { kind } }) => kind === 'failing', 'first look')
  expect(vpn).toMatchObject({ cause: { code: 'vpn.not-found' } })
})

test('settings that name another tunnel count at once', async () => {
  const { agentPort, bridge, state } = await start(HOME)
  await state(settled, 'first look')
  const agent = { listen: `127.0.0.1:${agentPort}` }
  const odd = JSON.stringify({ agent, vpn: { tunnel: '-rf' } })
  await expect(bridge.api.saveSettings({ text: odd })).rejects.toMatchObject({ code: 'settings.invalid' })
  await bridge.api.saveSettings({ text: JSON.stringify({ agent, vpn: { tunnel: 'other' } }) })
  await state(({ vpn }) => vpn.kind === 'failing' && vpn.tunnel === 'other', 'look at the other one')
  await bridge.api.saveSettings({ text: JSON.stringify({ agent }) })
  expect(bridge.state.vpn).toEqual({ kind: 'off' })
})

test.each([
  ['is shown', { version: 1, at: 1_789_000_000_000, from: 'vpn', right: 41, wrong: 0, unknown: 6 }, true],
  ['of a later version is not guessed at', { version: 2, at: 1 }, false],
])('the last verify of the perimeter %s', async (_what, record, isShown) => {
  const { bridge, dir } = await start({})
  const env = { SOVEREIGN_PERIMETER_DIR: join(dir, 'perimeter') }
  await mkdir(dirname(lastVerifyPath(env)), { recursive: true })
  await writeFile(lastVerifyPath(env), JSON.stringify(record))
  await bridge.disconnect(0)
  const { state } = await start(HOME, env)
  const { vpn } = await state(settled, 'first look')
  expect('verified' in vpn ? vpn.verified : undefined).toEqual(isShown ? record : undefined)
})
