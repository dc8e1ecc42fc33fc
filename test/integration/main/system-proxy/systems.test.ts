import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ProxyWish } from '../../../../src/main/system-proxy/proxy-store.ts'
import { createSystemProxy } from '../../../../src/main/system-proxy/system-proxy.ts'
import { toolRunner } from '../../../../src/node/run-tool.ts'
import { HAS_GNOME, makeGnome } from '../../../support/proxy-world/make-gnome.ts'
import { makeKde } from '../../../support/proxy-world/make-kde.ts'
import { makeMac } from '../../../support/proxy-world/make-mac.ts'
import { makeWindows } from '../../../support/proxy-world/make-windows.ts'
import type { ProxyWorld } from '../../../support/proxy-world/proxy-world.ts'

const WISH: ProxyWish = { host: '127.0.0.1', port: 8080, bypass: [] }

function openProxy({ dir, env, platform }: ProxyWorld) {
  return createSystemProxy({ platform, env, stateFile: join(dir, 'state.json') })
}

describe('on macOS, by a double of networksetup', () => {
  const withPassword =
    'Enabled: Yes\nServer: proxy.company.example\nPort: 3128\nAuthenticated Proxy Enabled: 1\n'

  test('a network service that is switched off is let be', async () => {
    const world = await makeMac(onTestFinished)
    const before = await world.dump()
    await openProxy(world).set(WISH)
    const after = await world.dump()
    expect(after['Old VPN/webproxy']).toBe(before['Old VPN/webproxy'])
    expect(after['Wi-Fi/webproxy']).toContain('127.0.0.1')
  })

  test('a service that was switched off meanwhile is put back too', async () => {
    const world = await makeMac(onTestFinished)
    const before = await world.dump()
    await openProxy(world).set(WISH)
    const services = join(String(world.env.TOOL_STATE), 'services')
    await writeFile(services, '*Wi-Fi\nThunderbolt Bridge\n*Old VPN\n')
    await openProxy(world).restore()
    expect(await world.dump()).toEqual({ ...before, services: '*Wi-Fi\nThunderbolt Bridge\n*Old VPN' })
  })

  test('a service that is gone meanwhile does not keep the others from being put back', async () => {
    const world = await makeMac(onTestFinished)
    const before = await world.dump()
    await openProxy(world).set(WISH)
    await writeFile(join(String(world.env.TOOL_STATE), 'services'), 'Thunderbolt Bridge\n')
    await openProxy(world).restore()
    expect((await world.dump())['Thunderbolt Bridge/webproxy']).toBe(before['Thunderbolt Bridge/webproxy'])
  })

  test('a proxy with a password, which could not be put back, is not written over', async () => {
    const world = await makeMac(onTestFinished)
    const file = join(String(world.env.TOOL_STATE), 'Wi-Fi/securewebproxy')
    await writeFile(file, withPassword)
    const proxy = openProxy(world)
    await proxy.set(WISH)
    expect(await readFile(file, 'utf8')).toBe(withPassword)
    expect((await world.dump())['Thunderbolt Bridge/webproxy']).toContain('127.0.0.1')
    await proxy.restore()
  })

  test('a proxy with a password is only switched off and on again around a PAC file', async () => {
    const world = await makeMac(onTestFinished)
    const file = join(String(world.env.TOOL_STATE), 'Wi-Fi/securewebproxy')
    await writeFile(file, withPassword)
    const proxy = openProxy(world)
    await proxy.set({ ...WISH, pacUrl: 'http://127.0.0.1:8080/proxy.pac' })
    expect(await readFile(file, 'utf8')).toBe(withPassword.replace('Yes', 'No'))
    await proxy.restore()
    expect(await readFile(file, 'utf8')).toBe(withPassword)
  })
})

describe('on Windows, by a double of reg.exe', () => {
  test('programs that run already are told of every change, and only of changes', async () => {
    const world = await makeWindows(onTestFinished)
    const announced = async () =>
      (await readFile(join(world.dir, 'announced'), 'utf8')).match(/39, 37/g)?.length
    const proxy = openProxy(world)
    await proxy.set(WISH)
    await proxy.set(WISH)
    expect(await announced()).toBe(1)
    await proxy.restore()
    await proxy.restore()
    expect(await announced()).toBe(2)
  })

  test('a proxy is switched on after its address is there, and off before that goes', async () => {
    const { dir, env, platform } = await makeWindows(onTestFinished)
    const real = toolRunner(env)
    const written: string[] = []
    const proxy = createSystemProxy({
      ...{ platform, env, stateFile: join(dir, 'state.json') },
      run: (program, args) => {
        if (args[0] === 'add' || args[0] === 'delete') written.push(`${args[0]} ${args[3]}`)
        return real(program, args)
      },
    })
    await proxy.set(WISH)
    expect(written.splice(0)).toEqual(['add ProxyOverride', 'add ProxyServer', 'add ProxyEnable'])
    await proxy.restore()
    expect(written).toEqual(['add ProxyEnable', 'delete ProxyServer', 'delete ProxyOverride'])
  })

  test('values of other programs in the same key stay as they are', async () => {
    const world = await makeWindows(onTestFinished)
    await openProxy(world).set(WISH)
    expect(await world.dump()).toMatchObject({ User_Agent: 'REG_SZ\nMozilla/4.0 (compatible)' })
  })

  test('letters that the console cannot say are not written over', async () => {
    const world = await makeWindows(onTestFinished)
    const file = join(String(world.env.TOOL_STATE), 'ProxyOverride')
    const value = Buffer.concat([Buffer.from('REG_SZ\nb'), Buffer.from([0x81]), Buffer.from('ro.example\n')])
    await writeFile(file, value)
    await expect(openProxy(world).set(WISH)).rejects.toMatchObject({
      code: 'system-proxy.failed',
      message: '"ProxyOverride" of the system has letters that cannot be read here.',
    })
    expect(await readFile(file)).toEqual(value)
  })
})

test('on KDE, by doubles of its tools, programs that run already are told to read the settings again', async () => {
  const world = await makeKde(onTestFinished)
  await openProxy(world).set(WISH)
  expect(await readFile(join(world.dir, 'announced'), 'utf8')).toBe(
    '--session --type=signal /KIO/Scheduler org.kde.KIO.Scheduler.reparseSlaveConfiguration string:\n',
  )
})

test.runIf(HAS_GNOME)('what was set under GNOME is put back by a start under KDE', async () => {
  const world = await makeGnome(onTestFinished)
  const before = await world.dump()
  await openProxy(world).set(WISH)
  await openProxy({ ...world, env: { ...world.env, XDG_CURRENT_DESKTOP: 'KDE' } }).restore()
  expect(await world.dump()).toEqual(before)
})

test('a system without proxy settings says so', async () => {
  const world = await makeKde(onTestFinished)
  await expect(openProxy({ ...world, platform: 'aix' }).set(WISH)).rejects.toMatchObject({
    code: 'system-proxy.unsupported',
    message: 'aix has no proxy settings that are known here.',
  })
  expect(await openProxy({ ...world, platform: 'aix' }).restore()).toEqual({ restored: [], left: [] })
})

test('a state file that cannot be written keeps the proxy from being set', async () => {
  const world = await makeKde(onTestFinished)
  // Short enough to be looked for, and too long for the file that is written first.
  const stateFile = join(world.dir, 'x'.repeat(250))
  await expect(createSystemProxy({ ...world, stateFile }).set(WISH)).rejects.toMatchObject({
    code: 'system-proxy.failed',
    message: `${stateFile} cannot be written (ENAMETOOLONG), so the proxy of the system was left as it is.`,
  })
  expect(await world.dump()).toEqual({})
})

test('no shell sees what is passed to a tool', async () => {
  const world = await makeKde(onTestFinished)
  const evil = `$(touch ${world.dir}/evil); \`touch ${world.dir}/evil\` ' " * \\`
  expect(await toolRunner(process.env)('printf', ['%s|', evil, '', 'b'])).toBe(`${evil}||b|`)
  await expect(stat(join(world.dir, 'evil'))).rejects.toMatchObject({ code: 'ENOENT' })
})
