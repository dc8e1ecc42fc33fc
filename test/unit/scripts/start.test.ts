import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chooseFace } from '../../../scripts/start.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

async function makeElectron(...files: readonly ('path.txt' | 'dist/electron')[]): Promise<string> {
  const folder = await makeTempDir('electron-')
  await mkdir(join(folder, 'dist'))
  for (const file of files) await writeFile(join(folder, file), 'electron')
  return folder
}

test.each([{ DISPLAY: ':0' }, { WAYLAND_DISPLAY: 'wayland-0' }])(
  'with Electron and %j the tray app starts',
  async (env) => {
    const folder = await makeElectron('path.txt', 'dist/electron')
    expect(chooseFace(folder, 'linux', env, 1000)).toEqual({
      kind: 'tray',
      electron: join(folder, 'dist/electron'),
    })
  },
)

test('Linux without a display gets the bridge without a window', async () => {
  const folder = await makeElectron('path.txt', 'dist/electron')
  const face = chooseFace(folder, 'linux', { DISPLAY: '' }, 1000)
  expect(face).toEqual({ kind: 'no-display', reason: 'there is no display' })
})

test('root gets the bridge without a window, because Electron refuses to run as root', async () => {
  const folder = await makeElectron('path.txt', 'dist/electron')
  expect(chooseFace(folder, 'linux', { DISPLAY: ':0' }, 0)).toMatchObject({
    reason: expect.stringContaining('root'),
  })
})

test('macOS and Windows have a display without saying so', async () => {
  const folder = await makeElectron('path.txt', 'dist/electron')
  expect(
    ['darwin', 'win32'].map((platform) => chooseFace(folder, platform as NodeJS.Platform, {}, 501).kind),
  ).toEqual(['tray', 'tray'])
})

test.each([
  ['was never downloaded', [] as const],
  ['was downloaded by half', ['path.txt'] as const],
])('an Electron that %s is named with the command that gets it', async (_what, files) => {
  const face = chooseFace(await makeElectron(...files), 'linux', { DISPLAY: ':0' }, 1000)
  expect(face).toMatchObject({ kind: 'no-display', reason: expect.stringContaining('install-electron') })
})
