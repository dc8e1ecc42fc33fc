import { spawnSync } from 'node:child_process'
import { copyFile, cp, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

async function cloneWithoutPackages(): Promise<string> {
  const clone = await makeTempDir('clone-')
  await copyFile(join(ROOT, 'package.json'), join(clone, 'package.json'))
  await cp(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true })
  return clone
}

function npmRun(cwd: string, script: string) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  return spawnSync('npm', ['run', script], { cwd, env, encoding: 'utf8' })
}

test.each(['demo', 'demo:tunnel'])(
  '"npm run %s" in a clone without packages says what to run instead',
  async (script) => {
    const { status, stderr } = npmRun(await cloneWithoutPackages(), script)
    expect(status).toBe(1)
    expect(stderr).toContain(`not installed in this folder yet. Run: npm ci && npm run ${script}\n`)
    expect(stderr).not.toContain('ERR_MODULE_NOT_FOUND')
  },
)

test('a clone that npm only began to fill has no packages either', async () => {
  const clone = await cloneWithoutPackages()
  await mkdir(join(clone, 'node_modules'))
  expect(npmRun(clone, 'demo:tunnel').stderr).toContain('Run: npm ci && npm run demo:tunnel')
})

test('the first of the two commands that show the tunnel installs what it needs', async () => {
  const page = await readFile(join(ROOT, 'docs/tunnel.md'), 'utf8')
  const [, section = ''] = /^## Seeing it work$(.*?)^## /ms.exec(page) ?? []
  const commands = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text.trim())
  expect(commands).toEqual([
    'npm ci && npm run demo:tunnel',
    'chromium --user-data-dir=$(mktemp -d) --proxy-server=http://127.0.0.1:PORT https://example.com',
  ])
})
