import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ProxyWorld, Teardown } from './proxy-world.ts'
import { isThere, makeDir } from './world-files.ts'

const run = promisify(execFile)

/** The real gsettings, on a file of this test instead of the settings service of a desktop. */
export async function makeGnome(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const env = {
    ...process.env,
    ...{
      GSETTINGS_BACKEND: 'keyfile',
      XDG_CONFIG_HOME: join(dir, 'config'),
      XDG_CURRENT_DESKTOP: 'ubuntu:GNOME',
    },
  }
  await mkdir(join(dir, 'config'))
  const root = 'org.gnome.system.proxy'
  const set = async (key: string, value: string): Promise<void> => {
    await run('gsettings', ['set', ...`${root}${key}`.split(' '), value], { env })
  }
  return {
    ...{ platform: 'linux', env, dir },
    dump: async () => {
      const { stdout } = await run('gsettings', ['list-recursively', root], { env })
      return Object.fromEntries(
        stdout.split('\n').flatMap((line) => {
          const [, key, value] = /^(\S+ \S+) (.*)$/.exec(line) ?? []
          return key === undefined || value === undefined ? [] : [[key.slice(root.length), value]]
        }),
      )
    },
    company: async () => {
      await set(' mode', 'auto')
      await set(' autoconfig-url', "http://company.example/it's.pac")
      await set(' ignore-hosts', '[]')
      await set('.http host', 'proxy.company.example')
      await set('.http port', '3128')
      await set('.http use-authentication', 'true')
      await set('.http authentication-user', 'someone')
    },
    byHand: () => set('.http host', 'other.example'),
    manual: {
      ' mode': "'manual'",
      '.http host': "'127.0.0.1'",
      '.http port': '8080',
      '.http use-authentication': 'false',
      '.https host': "'127.0.0.1'",
      '.https port': '8080',
      ' ignore-hosts': "['localhost', '127.0.0.0/8', '::1', '*.home', '10.0.0.0/8']",
    },
    script: { ' mode': "'auto'", ' autoconfig-url': "'http://127.0.0.1:8080/proxy.pac'" },
    afterByHand: {
      company: {
        ' mode': "'manual'",
        '.http host': "'other.example'",
        '.https host': "''",
        ' ignore-hosts': '@as []',
        ' autoconfig-url': '"http://company.example/it\'s.pac"',
      },
      nothing: { ' mode': "'manual'", '.http host': "'other.example'", '.https host': "''" },
    },
  }
}

export const HAS_GNOME = isThere('gsettings', 'get', 'org.gnome.system.proxy', 'mode')
