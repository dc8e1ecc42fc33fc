import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { builderArguments } from '../../../scripts/package.ts'

const require = createRequire(import.meta.url)
const CONFIG = fileURLToPath(new URL('../../../electron-builder.yml', import.meta.url))

interface BuilderConfig {
  validateConfiguration(config: unknown, debugLogger: { readonly isEnabled: boolean }): Promise<void>
}

async function readConfig(): Promise<Record<string, unknown>> {
  const yaml: { load(text: string): Record<string, unknown> } = require('js-yaml')
  return yaml.load(await readFile(CONFIG, 'utf8'))
}

test('electron-builder accepts the description of the installers', async () => {
  const { validateConfiguration }: BuilderConfig = require('app-builder-lib/out/util/config/config.js')
  const config = await readConfig()
  await expect(validateConfiguration(config, { isEnabled: false })).resolves.toBeUndefined()
  const wrong = validateConfiguration({ ...config, asarr: true }, { isEnabled: false })
  await expect(wrong).rejects.toThrow('asarr')
})

test('an installer holds what the app is made of, for every system and processor', async () => {
  const { files, mac, win, linux } = (await readConfig()) as Record<
    string,
    { readonly target: readonly { readonly target: string; readonly arch: readonly string[] }[] } & string[]
  >
  expect(files).toEqual(
    expect.arrayContaining(['dist/main/**', 'dist/preload/**', 'dist/sovereign-relay.mjs', 'assets/tray/**']),
  )
  const targets = [mac, win, linux].flatMap((system) => system?.target ?? [])
  expect(targets.map(({ target }) => target)).toEqual(['dmg', 'zip', 'nsis', 'AppImage', 'deb', 'rpm'])
  for (const { arch } of targets) expect(arch).toEqual(['x64', 'arm64'])
})

test('an installed app is no bare Node, runs code of its own archive alone, and gives files no privileges', async () => {
  const { asar, electronFuses, mac } = await readConfig()
  expect(asar).toBe(true)
  expect(electronFuses).toEqual({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  })
  expect(mac).toMatchObject({ hardenedRuntime: true, notarize: true })
})

test('nothing is published, and updates come from the one address that is named', () => {
  expect(builderArguments({}, ['--linux'])).toEqual(['--publish', 'never', '--linux'])
  expect(builderArguments({ SOVEREIGN_UPDATE_URL: 'https://updates.example/app' }, [])).toEqual([
    ...['--publish', 'never'],
    ...['-c.publish.provider=generic', '-c.publish.url=https://updates.example/app'],
  ])
  expect(() => builderArguments({ SOVEREIGN_UPDATE_URL: 'http://updates.example' }, [])).toThrow('https')
})
