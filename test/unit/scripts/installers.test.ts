import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

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
