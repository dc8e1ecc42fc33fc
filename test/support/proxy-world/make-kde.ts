import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ProxyWorld, Teardown } from './proxy-world.ts'
import { isThere, makeDir, putTool, readAll, writeAll } from './world-files.ts'

const run = promisify(execFile)

/** KDE by doubles of its tools. */
export async function makeKde(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const state = join(dir, 'state')
  await mkdir(state)
  await putTool('kconfig', join(dir, 'bin/kreadconfig6'))
  await putTool('kconfig', join(dir, 'bin/kwriteconfig6'))
  await writeAll(join(dir, 'bin'), { 'dbus-send': `#!/bin/sh\nprintf '%s\\n' "$*" >> '${dir}/announced'\n` })
  await chmod(join(dir, 'bin/dbus-send'), 0o755)
  const env = {
    ...{ ...process.env, TOOL_STATE: state, XDG_CURRENT_DESKTOP: 'KDE' },
    PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
  }
  return {
    ...kdeOf({ dir, env, tool: 'kwriteconfig6' }),
    dump: () => readAll(state),
  }
}

/** KDE by its own tools, on a kioslaverc of this test. */
export async function makeRealKde(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const file = join(dir, 'config/kioslaverc')
  const env = { ...process.env, XDG_CONFIG_HOME: join(dir, 'config'), XDG_CURRENT_DESKTOP: 'KDE' }
  await writeAll(dir, { 'config/kioslaverc': '[Other]\nkey=value\n' })
  return {
    ...kdeOf({ dir, env, tool: REAL_KDE ?? '' }),
    dump: async () => {
      const [, group = ''] = (await readFile(file, 'utf8')).split('[Proxy Settings]\n')
      const lines = group.split('\n').filter((line) => line !== '')
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
    },
  }
}

/** The KDE tool that is on this machine. */
export const REAL_KDE = ['kwriteconfig6', 'kwriteconfig5'].find((tool) => isThere(tool))

function kdeOf({
  dir,
  env,
  tool,
}: {
  readonly dir: string
  readonly env: ProxyWorld['env']
  readonly tool: string
}): Omit<ProxyWorld, 'dump'> {
  const write = async (key: string, value: string): Promise<void> => {
    const where = ['--file', 'kioslaverc', '--group', 'Proxy Settings', '--key', key]
    await run(tool, [...where, '--', value], { env: env as NodeJS.ProcessEnv })
  }
  return {
    ...{ platform: 'linux', env, dir },
    company: async () => {
      await write('ProxyType', '2')
      await write('Proxy Config Script', 'http://company.example/proxy.pac')
      await write('httpProxy', 'http://proxy.company.example 3128')
      await write('NoProxyFor', '.company.example,büro.example')
      await write('ReversedException', 'true')
    },
    byHand: () => write('httpProxy', 'http://other.example 3128'),
    manual: {
      ProxyType: '1',
      httpProxy: 'http://127.0.0.1 8080',
      httpsProxy: 'http://127.0.0.1 8080',
      NoProxyFor: 'localhost,127.0.0.0/8,::1,*.home,10.0.0.0/8',
      ReversedException: 'false',
    },
    script: { ProxyType: '2', 'Proxy Config Script': 'http://127.0.0.1:8080/proxy.pac' },
    afterByHand: {
      company: {
        ProxyType: '1',
        httpProxy: 'http://other.example 3128',
        httpsProxy: undefined,
        NoProxyFor: '.company.example,büro.example',
        ReversedException: 'true',
      },
      nothing: { ProxyType: '1', httpProxy: 'http://other.example 3128', httpsProxy: undefined },
    },
  }
}
