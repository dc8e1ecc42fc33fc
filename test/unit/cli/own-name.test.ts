import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inOwnWords, ownName } from '../../../src/cli/own-name.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const makeFolder = () => makeTempDir('own-name-')

async function makeCheckout(): Promise<string> {
  const root = await makeFolder()
  for (const folder of ['bin', 'src/cli']) await mkdir(join(root, folder), { recursive: true })
  for (const file of ['package.json', 'bin/sovereign.js', 'src/cli/main.ts'])
    await writeFile(join(root, file), '')
  return root
}

test.each(['bin/sovereign.js', 'src/cli/main.ts'])('%s of a checkout is called with npx', async (file) => {
  const root = await makeCheckout()
  for (const cwd of [root, join(root, 'src')])
    expect(ownName({ script: join(root, file), cwd, env: {} })).toBe('npx sovereign')
})

test('a checkout is called by its path from elsewhere, where npx would look for another package', async () => {
  const root = await makeCheckout()
  const script = join(root, 'bin/sovereign.js')
  expect(ownName({ script, cwd: tmpdir(), env: {} })).toBe(`node ${script}`)
  expect(ownName({ script: join(root, 'src/cli/main.ts'), cwd: tmpdir(), env: {} })).toBe(`node ${script}`)
})

test.each([
  ['npx', '/home/me/.npm/_npx/1f/node_modules/.bin/sovereign', { npm_command: 'exec' }],
  ['a package beside it', '/srv/app/node_modules/.bin/sovereign', {}],
])('what %s started is called with npx', (_by, script, env) => {
  expect(ownName({ script, cwd: '/srv/app', env })).toBe('npx sovereign')
})

test('what is installed is called by its name', () => {
  expect(ownName({ script: '/usr/local/bin/sovereign', cwd: '/', env: {} })).toBe('sovereign')
})

test('a bundle is called by its file, as seen from here', async () => {
  const folder = await makeFolder()
  const script = join(folder, 'sovereign.mjs')
  await writeFile(script, '')
  expect(ownName({ script, cwd: folder, env: {} })).toBe('node sovereign.mjs')
  expect(ownName({ script, cwd: '/', env: {} })).toBe(`node ${script}`)
  await mkdir(join(folder, 'my tools'))
  const spaced = join(folder, 'my tools/sovereign.mjs')
  await symlink(script, spaced)
  expect(ownName({ script: spaced, cwd: '/', env: {} })).toBe(`node '${spaced}'`)
})

test('advice is given in the words that work here, and for another machine as it is', () => {
  const advice = 'Use the running one ("sovereign status"), or sign in: sovereign relay login --pat.'
  expect(inOwnWords(advice, 'npx sovereign', { isRelayHere: true })).toBe(
    'Use the running one ("npx sovereign status"), or sign in: npx sovereign relay login --pat.',
  )
  expect(inOwnWords(advice, 'npx sovereign', { isRelayHere: false })).toBe(
    'Use the running one ("npx sovereign status"), or sign in: sovereign relay login --pat.',
  )
  expect(inOwnWords('A client called sovereign is up.', 'x', { isRelayHere: true })).toBe(
    'A client called sovereign is up.',
  )
})
