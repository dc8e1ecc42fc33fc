import { expect, test } from 'vitest'
import {
  autostartEntry,
  autostartPath,
  autostartProgram,
  isAutostartOn,
} from '../../../../src/main/desktop/autostart-entry.ts'
import { desktopOptions } from '../../../../src/main/desktop/desktop-options.ts'
import { failureBox } from '../../../../src/main/desktop/dialogs.ts'
import { drainThenExit } from '../../../../src/main/desktop/drain-then-exit.ts'
import { needsTrayNotice, ownerAnswer } from '../../../../src/main/desktop/tray-host.ts'
import { AppError, toFailure } from '../../../../src/shared/errors/app-error.ts'

test('quitting waits until the bridge has drained', async () => {
  const stopped = Promise.withResolvers<void>()
  const exited = Promise.withResolvers<number>()
  let hasExited = false
  const leave = drainThenExit(
    () => stopped.promise,
    (code) => {
      hasExited = true
      exited.resolve(code)
    },
  )
  leave()
  expect(hasExited).toBe(false)
  stopped.resolve()
  expect(await exited.promise).toBe(0)
})

test('asked a second time, it does not wait', () => {
  const codes: number[] = []
  const leave = drainThenExit(
    () => new Promise(() => undefined),
    (code) => void codes.push(code),
  )
  leave()
  leave()
  expect(codes).toEqual([130])
})

test('a failure box says what happened, why, and what to do', () => {
  const cause = new AppError('settings.invalid', 'Line 3 has no colon.')
  const error = new AppError('settings.unreadable', 'Cannot read it.', { cause, remedy: 'Mend line 3.' })
  expect(failureBox(toFailure(error))).toMatchObject({
    message: 'Cannot read it.',
    detail: 'Line 3 has no colon.\n\nMend line 3.',
  })
})

test('options of the bridge are read from between those of Electron', () => {
  const args = [
    '/app',
    '--config',
    'a.json',
    '--ozone-platform=x11',
    '--verbose',
    '--hidden',
    '--ssh-config=b',
  ]
  expect(desktopOptions(args)).toEqual({
    settingsPath: 'a.json',
    sshConfigFile: 'b',
    verbose: true,
    hidden: true,
  })
  expect(desktopOptions(['/app'])).toEqual({ verbose: false, hidden: false })
})

test('an option without its file name is refused and not taken for the default', () => {
  expect(() => desktopOptions(['/app', '--config'])).toThrow('--config needs the name of a file.')
})

test('an autostart entry runs programs with any name, and without a window', () => {
  expect(autostartEntry('/opt/My $App/100%"x"')).toContain(
    '\nExec="/opt/My \\\\$App/100%%\\\\"x\\\\"" --hidden\n',
  )
})

test('an AppImage is started from where it lies', () => {
  expect(autostartProgram({ APPIMAGE: '/home/u/S.AppImage' }, '/tmp/.mount/s')).toBe('/home/u/S.AppImage')
  expect(autostartProgram({}, '/opt/s')).toBe('/opt/s')
})

test.each([
  [{ XDG_CONFIG_HOME: '/x' }, '/x/autostart/sovereign-bridge.desktop'],
  [{ XDG_CONFIG_HOME: 'relative' }, '/home/u/.config/autostart/sovereign-bridge.desktop'],
  [{}, '/home/u/.config/autostart/sovereign-bridge.desktop'],
])('the autostart entry for %j lies where desktops look', (env, path) => {
  expect(autostartPath(env, '/home/u')).toBe(path)
})

test('an entry that the desktop has switched off is off', () => {
  const entry = autostartEntry('/opt/s')
  const off = [undefined, `${entry}Hidden=true\n`, entry.replace('enabled=true', 'enabled=false')]
  expect([entry, ...off].map(isAutostartOn)).toEqual([true, false, false, false])
})

test('the notice about missing tray icons appears on GNOME alone and only when that is certain', () => {
  expect(['(true,)\n', '(false,)\n', 'Error'].map(ownerAnswer)).toEqual([true, false, undefined])
  expect(needsTrayNotice('ubuntu:GNOME', false)).toBe(true)
  expect(needsTrayNotice('ubuntu:GNOME', undefined)).toBe(false)
  expect(needsTrayNotice('ubuntu:GNOME', true)).toBe(false)
  expect(needsTrayNotice('KDE', false)).toBe(false)
})
