import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { buildProgram, bundle, inlineFiles } from '../../../scripts/build.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url))

const makeFolder = () => makeTempDir('build-')

test('the build leaves the dashboard to a bridge that runs from the sources', async () => {
  const folder = await makeFolder()
  await buildProgram(join(folder, 'sovereign.mjs'), folder)
  expect(await readFile(join(folder, 'renderer/index.html'), 'utf8')).toContain('app.js')
})

test('a bundle of the client kit and the SSH library runs with no node_modules beside it', async () => {
  const folder = await makeFolder()
  const entry = join(folder, 'entry.ts')
  // Bare names are resolved from the project and not from the temporary folder.
  const ssh2 = fileURLToPath(import.meta.resolve('ssh2'))
  await writeFile(
    entry,
    `import { setupRoutes } from ${JSON.stringify(join(SRC, 'relay/setup/setup-routes.ts'))}
import { kitFile } from ${JSON.stringify(join(SRC, 'relay/setup/kit-file.ts'))}
import { mergeOpenCode } from ${JSON.stringify(join(SRC, 'relay/setup/opencode-merge.ts'))}
import ssh2 from ${JSON.stringify(ssh2)}
console.log(JSON.stringify({
  routes: typeof setupRoutes,
  client: typeof ssh2.Client,
  script: kitFile('setup.sh').split('\\n')[0],
  merged: mergeOpenCode('{}', { providers: {}, model: 'a/b' }, false).text,
}))\n`,
  )
  const built = await bundle(entry, join(folder, 'out/alone.mjs'))
  const printed = execFileSync(process.execPath, [built.path], { cwd: folder, encoding: 'utf8', env: {} })
  expect(JSON.parse(printed)).toEqual({
    routes: 'function',
    client: 'function',
    script: '#!/usr/bin/env bash',
    merged: '{\n  "model": "a/b"\n}',
  })
  expect(built.bytes).toBe((await readFile(built.path)).length)
  expect(built.bytes).toBeLessThan(4 * 1024 * 1024)
})

test('files that are read from beside a module become part of it', async () => {
  const folder = await makeFolder()
  await writeFile(join(folder, 'text.sh'), 'echo "$HOME" `x` $&\n')
  const code = "export const text = readFileSync(new URL('./text.sh', import.meta.url), 'utf8')"
  const inlined = await inlineFiles(code, join(folder, 'module.ts'))
  expect(inlined).toBe(`export const text = ${JSON.stringify('echo "$HOME" `x` $&\n')}`)
})

test('a file that is missing beside a module fails the build', async () => {
  const code = "readFileSync(new URL('./not-there', import.meta.url), 'utf8')"
  await expect(inlineFiles(code, join(await makeFolder(), 'module.ts'))).rejects.toThrow('ENOENT')
})
