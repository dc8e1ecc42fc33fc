import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ProxyWorld, Teardown } from './proxy-world.ts'
import { makeDir, putTool, readAll, writeAll } from './world-files.ts'

const run = promisify(execFile)
const NO_SERVER = 'Enabled: No\nServer: \nPort: 0\nAuthenticated Proxy Enabled: 0\n'
const server = (address: string, port: number, on = 'Yes') =>
  `Enabled: ${on}\nServer: ${address}\nPort: ${port}\nAuthenticated Proxy Enabled: 0`

/** macOS with two network services and one that is switched off. */
export async function makeMac(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const state = join(dir, 'state')
  await putTool('networksetup', join(dir, 'bin/networksetup'))
  const services = ['Wi-Fi', 'Thunderbolt Bridge', 'Old VPN']
  await writeAll(state, { services: 'Wi-Fi\nThunderbolt Bridge\n*Old VPN\n' })
  for (const service of services)
    await writeAll(join(state, service), {
      webproxy: NO_SERVER,
      securewebproxy: NO_SERVER,
      autoproxyurl: 'URL: (null)\nEnabled: No\n',
      proxybypassdomains: '*.local\n169.254/16\n',
    })
  const env = { ...process.env, TOOL_STATE: state, PATH: `${join(dir, 'bin')}:${process.env.PATH}` }
  const active = services.slice(0, 2)
  return {
    ...{ platform: 'darwin', env, dir },
    dump: () => readAll(state),
    company: () =>
      writeAll(join(state, 'Wi-Fi'), {
        webproxy: `${server('proxy.company.example', 3128, 'No')}\n`,
        securewebproxy: `${server('proxy.company.example', 3129)}\n`,
        autoproxyurl: 'URL: http://company.example/proxy.pac\nEnabled: Yes\n',
        proxybypassdomains: '',
      }),
    byHand: async () => {
      await run('networksetup', ['-setwebproxy', 'Wi-Fi', 'other.example', '3128'], { env })
    },
    manual: Object.fromEntries(
      active.flatMap((service) => [
        [`${service}/webproxy`, server('127.0.0.1', 8080)],
        [`${service}/securewebproxy`, server('127.0.0.1', 8080)],
        [`${service}/proxybypassdomains`, 'localhost\n127.0.0.0/8\n::1\n*.home\n10.0.0.0/8'],
      ]),
    ),
    script: Object.fromEntries(
      active.map((service) => [
        `${service}/autoproxyurl`,
        'URL: http://127.0.0.1:8080/proxy.pac\nEnabled: Yes',
      ]),
    ),
    afterByHand: {
      company: {
        'Wi-Fi/webproxy': server('other.example', 3128),
        'Wi-Fi/securewebproxy': server('proxy.company.example', 3129),
        // Switched on again it would come before the proxy that somebody has put in.
        'Wi-Fi/autoproxyurl': 'URL: http://company.example/proxy.pac\nEnabled: No',
      },
      nothing: {
        'Wi-Fi/webproxy': server('other.example', 3128),
        'Wi-Fi/securewebproxy': NO_SERVER.trimEnd(),
        'Thunderbolt Bridge/webproxy': NO_SERVER.trimEnd(),
      },
    },
  }
}
