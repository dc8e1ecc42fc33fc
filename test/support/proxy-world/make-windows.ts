import { execFile } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { ProxyWorld, Teardown } from './proxy-world.ts'
import { makeDir, putTool, readAll, writeAll } from './world-files.ts'

const run = promisify(execFile)

export async function makeWindows(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const [state, system] = [join(dir, 'state'), join(dir, 'System32')]
  const reg = join(system, 'reg.exe')
  await putTool('reg.exe', reg)
  const powershell = join(system, 'WindowsPowerShell/v1.0/powershell.exe')
  await writeAll(dirname(powershell), {
    'powershell.exe': `#!/bin/sh\nprintf '%s\\n' "$*" >> '${dir}/announced'\n`,
  })
  await chmod(powershell, 0o755)
  await writeAll(state, { ProxyEnable: 'REG_DWORD\n0\n', User_Agent: 'REG_SZ\nMozilla/4.0 (compatible)\n' })
  const env = { ...process.env, TOOL_STATE: state, SystemRoot: dir }
  const key = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings'
  return {
    ...{ platform: 'win32', env, dir },
    dump: () => readAll(state),
    company: () =>
      writeAll(state, {
        ProxyEnable: 'REG_DWORD\n1\n',
        ProxyServer: 'REG_SZ\nhttp=proxy.company.example:3128;https=proxy.company.example:3129\n',
        ProxyOverride: 'REG_SZ\n*.company.example;<local>\n',
        AutoConfigURL: 'REG_EXPAND_SZ\nhttp://company.example/proxy.pac\n',
      }),
    byHand: async () => {
      await run(reg, ['add', key, '/v', 'ProxyServer', '/t', 'REG_SZ', '/d', 'other.example:3128', '/f'], {
        env,
      })
    },
    manual: {
      ProxyEnable: 'REG_DWORD\n1',
      ProxyServer: 'REG_SZ\n127.0.0.1:8080',
      ProxyOverride: 'REG_SZ\nlocalhost;127.*;::1;*.home;10.*;<local>',
    },
    script: { AutoConfigURL: 'REG_SZ\nhttp://127.0.0.1:8080/proxy.pac', ProxyEnable: 'REG_DWORD\n0' },
    afterByHand: {
      company: {
        ProxyEnable: 'REG_DWORD\n1',
        ProxyServer: 'REG_SZ\nother.example:3128',
        ProxyOverride: 'REG_SZ\n*.company.example;<local>',
        // It would come before the proxy that somebody has put in.
        AutoConfigURL: undefined,
      },
      nothing: {
        ProxyEnable: 'REG_DWORD\n1',
        ProxyServer: 'REG_SZ\nother.example:3128',
        ProxyOverride: undefined,
      },
    },
  }
}
