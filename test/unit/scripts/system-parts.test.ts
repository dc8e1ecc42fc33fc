import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { installAdvice, isInstalled, missingParts, PARTS } from '../../../scripts/system-parts.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const makeFolder = () => makeTempDir('parts-')
const part = (name: string, linuxOnly = false) => ({
  commands: [name],
  apt: `${name}-apt`,
  dnf: `${name}-dnf`,
  linuxOnly,
})

test('a part is missing when none of its commands is on the path', async () => {
  const folder = await makeFolder()
  await writeFile(join(folder, 'here-it-is'), '')
  await chmod(join(folder, 'here-it-is'), 0o755)
  const parts = [part('here-it-is'), part('not-anywhere'), part('only-on-linux', true)]
  expect(missingParts(parts, folder, 'linux').map(({ apt }) => apt)).toEqual([
    'not-anywhere-apt',
    'only-on-linux-apt',
  ])
  expect(missingParts(parts, folder, 'darwin').map(({ apt }) => apt)).toEqual(['not-anywhere-apt'])
})

test('each part is asked for once, and the attacker of slow clients is among them', () => {
  const commands = PARTS.flatMap((part) => part.commands)
  expect(commands).toEqual([...new Set(commands)])
  expect(PARTS.find((part) => part.commands.includes('slowhttptest'))).toMatchObject({
    apt: 'slowhttptest',
    linuxOnly: true,
  })
})

test('the advice is a command for the package manager at hand', () => {
  const parts = [part('a'), part('b')]
  expect(installAdvice(parts, 'linux')).toContain('sudo apt-get install a-apt b-apt')
  expect(installAdvice(parts, 'linux')).toContain('sudo dnf install a-dnf b-dnf')
  expect(installAdvice(parts, 'darwin')).toContain('brew install')
})

test('packages are installed when every required one has the version of the lock file', async () => {
  const folder = await makeFolder()
  const lock = (packages: object) => JSON.stringify({ packages })
  const wanted = {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  }
  await writeFile(join(folder, 'package-lock.json'), lock(wanted))
  expect(isInstalled(folder)).toBe(false)
  await mkdir(join(folder, 'node_modules'))
  const installed = join(folder, 'node_modules/.package-lock.json')
  await writeFile(installed, lock({ 'node_modules/a': { version: '1.0.0' } }))
  expect(isInstalled(folder)).toBe(true)
  await writeFile(installed, lock({ 'node_modules/a': { version: '0.9.0' } }))
  expect(isInstalled(folder)).toBe(false)
})
