import { existsSync, statSync } from 'node:fs'
import { chmod, lstat, mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { BareMachine } from '../../../support/bare-machine.ts'
import type { SetupServer } from '../../../support/start-setup-server.ts'
import { startSetupWorld } from '../../../support/start-setup-world.ts'

let server: SetupServer
let machine: BareMachine
let path: string

beforeEach(async () => {
  ;({ machine, server } = await startSetupWorld())
  path = join(machine.home, '.config/opencode/opencode.json')
  await mkdir(dirname(path), { recursive: true })
})

const command = (...args: string[]) =>
  `set -o pipefail; curl -fsSL ${server.url}/setup | bash -s -- ${args.join(' ')}`
const setup = (...args: string[]) => machine.run(command(...args))

test('a link is written through and stays, and its file keeps its mode', async () => {
  const real = join(machine.home, 'dotfiles.json')
  await writeFile(real, '{}\n', { mode: 0o640 })
  await symlink('../../dotfiles.json', path)
  expect(await setup()).toMatchObject({ code: 0, stderr: '' })
  expect(await readFile(real, 'utf8')).toContain('sovereign')
  expect(statSync(real).mode & 0o777).toBe(0o640)
  expect(await setup('--uninstall')).toMatchObject({ code: 0, stderr: '' })
  expect(await readFile(real, 'utf8')).toBe('{}\n')
  expect(await readlink(path)).toBe('../../dotfiles.json')
})

test.each(['opencode.json', 'opencode.jsonc'])(
  'a dangling link %s is said to be one, its file is made, and --uninstall leaves the link dangling',
  async (name) => {
    const link = join(dirname(path), name)
    const real = join(machine.home, 'dot files/opencode/config.json')
    await symlink(real, link)
    const outcome = await setup()
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toContain(
      `${link} is a link to ${real}, which does not exist yet: the file is made there.`,
    )
    expect(await readFile(real, 'utf8')).toContain('sovereign')
    expect(await setup('--uninstall')).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(real)).toBe(false)
    expect((await lstat(link)).isSymbolicLink()).toBe(true)
  },
)

test('a link that leads round in a circle is refused', async () => {
  await symlink('b', join(dirname(path), 'a'))
  await symlink('a', join(dirname(path), 'b'))
  await symlink('a', path)
  const outcome = await setup()
  expect(outcome.code).toBe(1)
  expect(outcome.stderr).toBe(
    `sovereign setup: ${path} is a link that leads round in a circle. Remove it or point it to a file\n`,
  )
})

test('a folder in the place of the file is refused', async () => {
  await mkdir(path)
  const outcome = await setup()
  expect(outcome.code).toBe(1)
  expect(outcome.stderr).toContain(`${path} is no file. Move it away`)
  expect(existsSync(join(dirname(path), '.sovereign'))).toBe(false)
})

test('a file in the place of the folder is refused', async () => {
  await rm(dirname(path), { recursive: true })
  await writeFile(dirname(path), '')
  const outcome = await setup()
  expect(outcome.code).toBe(1)
  expect(outcome.stderr).toBe(`sovereign setup: ${dirname(path)} is no folder, so there can be no ${path}\n`)
})

test('a read-only file stays as it is, and what to do about it is said before the relay is asked', async () => {
  await writeFile(path, '{}\n')
  await chmod(path, 0o444)
  const outcome = await machine.runUnprivileged(command())
  expect(outcome.code).toBe(1)
  expect(outcome.stderr).toBe(
    `sovereign setup: ${path} is read-only for this user. Allow writing (chmod u+w), then run this again\n`,
  )
  expect(await readFile(path, 'utf8')).toBe('{}\n')
  expect(server.seen.map(({ line }) => line)).not.toContain('POST /setup/opencode/merge 200')
})

test('a file in a folder that is read-only stays as it is', async () => {
  await writeFile(path, '{}\n')
  await chmod(dirname(path), 0o555)
  const outcome = await machine.runUnprivileged(command())
  await chmod(dirname(path), 0o755)
  expect(outcome.code).toBe(1)
  expect(outcome.stderr).toBe(
    `sovereign setup: ${dirname(path)} is read-only for this user, and ${path} belongs there\n`,
  )
})

test('a file larger than any configuration is refused and stays as it is', async () => {
  for (const size of [1_100_000, 4_000_000]) {
    const text = `{ "a": "${'x'.repeat(size)}" }`
    await writeFile(path, text)
    const outcome = await setup()
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain('larger than 1048576 bytes')
    expect(await readFile(path, 'utf8')).toBe(text)
  }
})
