import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startHeadless } from '../../../src/main/headless.ts'
import { createLogger } from '../../../src/node/log.ts'

test('a settings file that is named and does not exist is a mistake, never the defaults', async () => {
  const settingsPath = join(import.meta.dirname, 'no-such-settings.json')
  const starting = startHeadless({ settingsPath, env: process.env, log: createLogger('test', 'silent') })
  await expect(starting).rejects.toMatchObject({
    code: 'settings.unreadable',
    message: `${settingsPath} does not exist.`,
  })
})
