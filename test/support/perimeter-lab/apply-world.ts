import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Remote } from '../../../src/perimeter/apply/remote.ts'
import type { RunResult } from './agent-protocol.ts'
import { install } from './install.ts'
import { ADDRESSES, labPerimeter, makeKeys, SCENARIOS } from './lab-perimeter.ts'
import { buildTopology } from './topology.ts'
import { type Host, SHIMS, startWorld } from './world.ts'

const SOVEREIGN = fileURLToPath(new URL('../../../bin/sovereign.js', import.meta.url))

/** A router with SSH and nothing else on it, and its owner at a machine of the LAN. */
export interface ApplyWorld {
  readonly router: Host
  /** The owner's perimeter file. */
  readonly file: string
  /** Changes what the file says. */
  edit(change: (value: Record<string, Record<string, unknown>>) => void): void
  /** `sovereign perimeter …` as its owner types it, in the LAN. */
  perimeter(...args: readonly string[]): Promise<RunResult>
  /** A new connection to the router; undefined where there is none within a few seconds. */
  sshToRouter(command: string): Promise<string | undefined>
  /** The router without a network in between. */
  readonly remote: Remote
}

export async function startApplyWorld(teardown: (close: () => Promise<void>) => void): Promise<ApplyWorld> {
  const [scenario] = SCENARIOS
  if (scenario === undefined) throw new Error('no scenario')
  const world = await startWorld()
  teardown(world.close)
  const dir = mkdtempSync(join(tmpdir(), 'apply-'))
  teardown(async () => rmSync(dir, { recursive: true, force: true }))
  const { admin, router } = await buildTopology(world, scenario)
  // Only the stand-in for systemd.
  await install(router, { machine: 'router', files: [], activate: [] })
  await startSshd(router, dir)
  const file = join(dir, 'perimeter.jsonc')
  const { router: described, ...rest } = labPerimeter(scenario, {
    client: makeKeys().publicKey,
    peer: makeKeys().publicKey,
  })
  const said = JSON.stringify({ router: { ...described, ssh: 'router' }, ...rest }, undefined, 2)
  writeFileSync(file, `// The perimeter at home.\n${said}\n`)
  const asOwner = [
    'env',
    `HOME=${dir}`,
    `XDG_CONFIG_HOME=${dir}/.config`,
    `XDG_DATA_HOME=${dir}/.local/share`,
  ]
  return {
    router,
    file,
    edit: (change) => {
      const value = JSON.parse(readFileSync(file, 'utf8').replace(/^\/\/.*\n/, ''))
      change(value)
      writeFileSync(file, `// The perimeter at home.\n${JSON.stringify(value, undefined, 2)}\n`)
    },
    perimeter: (...args) =>
      admin.run([
        ...asOwner,
        process.execPath,
        SOVEREIGN,
        'perimeter',
        ...args,
        '--file',
        file,
        '--ssh-config',
        `${dir}/.ssh/config`,
      ]),
    sshToRouter: async (command) => {
      const ssh = ['ssh', '-F', `${dir}/.ssh/config`, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=3']
      const { code, stdout } = await admin.run([...ssh, 'router', command])
      return code === 0 ? stdout : undefined
    },
    remote: {
      place: 'router',
      run: async (command, { stdin = '' } = {}) => {
        // The machine's agent takes text; a tar is none.
        const input = join(dir, 'stdin')
        writeFileSync(input, stdin)
        const { code, stderr, stdout } = await router.run(['sh', '-c', `${command} < ${input}`])
        return { exitCode: code, stdout, stderr }
      },
      close: async () => undefined,
    },
  }
}

async function startSshd(router: Host, dir: string): Promise<void> {
  const ssh = join(dir, '.ssh')
  mkdirSync(ssh, { mode: 0o700 })
  for (const name of ['host', 'id'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(ssh, name)])
  copyFileSync(join(ssh, 'id.pub'), join(ssh, 'authorized_keys'))
  const address = ADDRESSES.routerLan[4]
  const hostKey = readFileSync(join(ssh, 'host.pub'), 'utf8')
  writeFileSync(join(ssh, 'known_hosts'), `${address} ${hostKey}`)
  writeFileSync(
    join(ssh, 'config'),
    `Host router\n  HostName ${address}\n  User ${userInfo().username}\n  IdentityFile ${ssh}/id\n  IdentitiesOnly yes\n  UserKnownHostsFile ${ssh}/known_hosts\n`,
  )
  writeFileSync(
    join(ssh, 'sshd_config'),
    [
      `ListenAddress ${address}:22`,
      `HostKey ${ssh}/host`,
      `AuthorizedKeysFile ${ssh}/authorized_keys`,
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      `PidFile /run/sshd.pid`,
      `SetEnv PATH=${SHIMS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go`,
      '',
    ].join('\n'),
  )
  // What a developer's shell does at its start, such as taking locks, is no part of a router.
  const own = join(userInfo().homedir, '.bashrc')
  await router.sh(`if [ -e '${own}' ]; then mount --bind /dev/null '${own}'; fi`)
  await router.sh(`mkdir -p /run/sshd && /usr/sbin/sshd -f ${ssh}/sshd_config`)
}
