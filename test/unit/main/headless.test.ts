import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startHeadless } from '../../../src/main/headless.ts'
import { openBridgeLog } from '../../../src/main/logs/bridge-log.ts'

const logs = openBridgeLog({ verbose: false, env: { LOG_LEVEL: 'silent' } })

test('a settings file that is named and does not exist is a mistake, never the defaults', async () => {
  const settingsPath = join(import.meta.dirname, 'no-such-settings.json')
  const starting = startHeadless({ settingsPath, env: process.env, logs })
  await expect(starting).rejects.toMatchObject({
    code: 'settings.unreadable',
    message: `${settingsPath} does not exist.`,
  })
})

test('an SSH config that is named and does not exist is a mistake too', async () => {
  const sshConfigFile = join(import.meta.dirname, 'no-such-ssh-config')
  const starting = startHeadless({ sshConfigFile, env: {}, logs })
  await expect(starting).rejects.toMatchObject({
    code: 'ssh.config-invalid',
    message: `${sshConfigFile} cannot be read (ENOENT).`,
    remedy: expect.stringContaining('exists') as string,
  })
})
