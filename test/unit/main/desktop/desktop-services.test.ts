import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { desktopServices, type LoginSwitch } from '../../../../src/main/desktop/desktop-services.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

function makeServices(loginSwitch?: LoginSwitch, cannotOpen = '', logFile = '/dev/null/logs/bridge.log') {
  const done: string[] = []
  const note = (what: string): void => void done.push(what)
  const services = desktopServices({
    loginSwitch,
    updates: { check: async () => note('check'), install: async () => note('install') },
    settingsPath: '/home/eve/settings.json',
    logFile,
    openExternal: async (address) => note(address),
    openPath: async (path) => {
      note(path)
      return cannotOpen
    },
    quit: () => note('quit'),
    onChange: (change) => note(JSON.stringify(change)),
  })
  return { services, done }
}

test('the switch for starting at login shows what the system says, also when it refuses', async () => {
  const refusing: LoginSwitch = {
    isOn: async () => false,
    set: async () => {
      throw new Error('Read-only file system')
    },
  }
  const { services, done } = makeServices(refusing)
  await expect(services.setStartAtLogin({ enabled: true })).rejects.toThrow('Read-only')
  expect(done).toEqual(['{"startsAtLogin":false}'])
})

test('an installation without such a switch says so', async () => {
  const { services } = makeServices()
  await expect(services.setStartAtLogin({ enabled: true })).rejects.toMatchObject({
    code: 'desktop.no-login-switch',
  })
})

test('a page that is not known is named and not opened', async () => {
  const { services, done } = makeServices()
  await services.openPage({ url: 'https://github.com/login/device' })
  await expect(services.openPage({ url: 'https://evil.example/' })).rejects.toMatchObject({
    code: 'desktop.page-unknown',
    message: 'https://evil.example/ is not opened from here.',
  })
  expect(done).toEqual(['https://github.com/login/device'])
})

test('a settings file that cannot be opened is named with the reason', async () => {
  await makeServices().services.openSettingsFile({})
  const { services } = makeServices(undefined, 'No application is registered.')
  await expect(services.openSettingsFile({})).rejects.toMatchObject({
    code: 'desktop.cannot-open',
    message: '/home/eve/settings.json: No application is registered.',
  })
})

test('of the log the folder is opened, or named with the reason', async () => {
  const home = await makeTempDir('logs-')
  const folder = join(home, 'logs')
  const { services, done } = makeServices(undefined, '', join(folder, 'bridge.log'))
  await services.openLogFolder({})
  expect(done).toEqual([folder])
  // Nothing has been logged yet, and still there is something to open.
  expect((await stat(folder)).isDirectory()).toBe(true)
  const refusing = makeServices(undefined, 'No application is registered.', join(folder, 'bridge.log'))
  await expect(refusing.services.openLogFolder({})).rejects.toMatchObject({
    code: 'desktop.cannot-open',
    message: `${folder}: No application is registered.`,
  })
  await expect(makeServices().services.openLogFolder({})).rejects.toMatchObject({
    code: 'desktop.cannot-open',
    message: expect.stringMatching(/^\/dev\/null\/logs: \w+$/) as string,
  })
})

test('updates and the end of the program are asked for where they are done', async () => {
  const { services, done } = makeServices()
  await services.checkForUpdate({})
  await services.installUpdate({})
  await services.quit({})
  expect(done).toEqual(['check', 'install', 'quit'])
})
