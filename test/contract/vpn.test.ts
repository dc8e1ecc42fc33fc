import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createVpn } from '../../src/main/vpn/vpn.ts'
import { makeVpnWorld, VPN_SHAPES, type VpnWorld } from '../support/make-vpn-world.ts'

/** What every system promises. */
describe.each(VPN_SHAPES)('WireGuard tunnels by $system', (shape) => {
  let world: VpnWorld
  beforeEach(async () => {
    world = await makeVpnWorld(shape, onTestFinished)
  })

  test('a tunnel is brought up and down, and told of by the system that has it', async () => {
    const { system, vpn } = world
    expect(await vpn.look('home')).toMatchObject({ isUp: false, system })
    await vpn.set('home', 'up')
    expect(await vpn.look('home')).toMatchObject({ isUp: true, system })
    await vpn.set('home', 'down')
    expect(await vpn.look('home')).toMatchObject({ isUp: false, system })
  })

  test('what is so already is left alone, also where nothing may be changed', async () => {
    const { vpn } = world
    await vpn.set('home', 'up')
    await world.deny()
    await vpn.set('home', 'up')
    await expect(vpn.set('home', 'down')).rejects.toMatchObject({ code: 'vpn.not-allowed' })
    expect(await vpn.look('home')).toMatchObject({ isUp: true })
  })

  test('a tunnel that there is not fails with its name', async () => {
    const { vpn } = world
    await expect(vpn.set('elsewhere', 'up')).rejects.toMatchObject({
      code: expect.stringMatching(/^vpn\.(?:not-found|failed)$/),
      message: expect.stringContaining('"elsewhere"'),
    })
  })
})

test('a name with the separator of NetworkManager in it is found', async () => {
  const [shape] = VPN_SHAPES
  if (shape === undefined) throw new Error('no shape')
  const { vpn } = await makeVpnWorld(shape, onTestFinished)
  await vpn.set('a:b\\c', 'up')
  expect(await vpn.look('a:b\\c')).toMatchObject({ isUp: true })
})

test.each(['linux', 'darwin', 'win32'] as const)(
  'a computer of %s without WireGuard is told apart from one without the tunnel',
  async (platform) => {
    const vpn = createVpn({ platform, env: { PATH: '/nonexistent' }, isRoot: false })
    await expect(vpn.look('home')).rejects.toMatchObject({ code: 'vpn.no-tool' })
  },
)
