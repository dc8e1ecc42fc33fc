import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createVpn, type Vpn } from '../../src/main/vpn/vpn.ts'
import type { VpnSystem } from '../../src/shared/state/vpn.ts'

const TOOLS = fileURLToPath(new URL('system-tools/', import.meta.url))

/** A system whose program for WireGuard has a tunnel "home" that is down. */
export interface VpnWorld {
  readonly system: VpnSystem
  readonly vpn: Vpn
  /** From now on the user may not change anything. */
  deny(): Promise<void>
}

type Teardown = (close: () => Promise<void>) => void

interface Shape {
  readonly system: VpnSystem
  readonly platform: NodeJS.Platform
  /** Places of the double of the system's tool. */
  readonly tools: readonly { readonly double: string; readonly at: string }[]
  readonly state: Readonly<Record<string, string>>
}

const UUID = '3f1c6a5e-0c5d-4a0a-9a37-0d0d4d9f2a11'

export const VPN_SHAPES: readonly Shape[] = [
  {
    system: 'networkmanager',
    platform: 'linux',
    tools: [{ double: 'nmcli', at: 'bin/nmcli' }],
    state: {
      [UUID]: `home\n${UUID}\nwireguard\n\n`,
      'aa-wired': 'home\naa-wired\n802-3-ethernet\nactivated\n',
      'bb-odd': 'a:b\\c\nbb-odd\nwireguard\n\n',
    },
  },
  {
    system: 'systemd',
    platform: 'linux',
    tools: [{ double: 'systemctl-wg', at: 'bin/systemctl' }],
    state: { home: 'inactive' },
  },
  {
    system: 'macos',
    platform: 'darwin',
    tools: [{ double: 'scutil', at: 'bin/scutil' }],
    state: { home: 'Disconnected', 'home 2': 'Connected' },
  },
  {
    system: 'windows',
    platform: 'win32',
    tools: ['System32/sc.exe', 'WireGuard/wireguard.exe', 'WireGuard/wg.exe'].map((at) => ({
      double: 'wireguard-windows',
      at,
    })),
    state: { home: 'stopped' },
  },
]

export async function makeVpnWorld(
  { platform, state, system, tools }: Shape,
  teardown: Teardown,
): Promise<VpnWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'vpn-'))
  teardown(() => rm(dir, { recursive: true, force: true }))
  await mkdir(join(dir, 'state'))
  for (const [name, text] of Object.entries(state)) await writeFile(join(dir, 'state', name), text)
  for (const { double, at } of tools) {
    const path = join(dir, at)
    await mkdir(dirname(path), { recursive: true })
    await copyFile(join(TOOLS, double), path)
    await chmod(path, 0o755)
  }
  // Nothing else: the machine of the test may have tools of its own.
  await mkdir(join(dir, 'bin'), { recursive: true })
  for (const tool of ['cat', 'sed', 'mv', 'basename'])
    await symlink(`/usr/bin/${tool}`, join(dir, 'bin', tool))
  const env = {
    PATH: join(dir, 'bin'),
    TOOL_STATE: join(dir, 'state'),
    ProgramFiles: dir,
    SystemRoot: dir,
  }
  return {
    system,
    vpn: createVpn({ platform, env, isRoot: false }),
    deny: () => writeFile(join(dir, 'denied'), ''),
  }
}
