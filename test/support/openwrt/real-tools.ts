import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Perimeter } from '../../../src/perimeter/file/schema.ts'
import { serverDevice } from '../../../src/perimeter/policy/layout.ts'
import { DEFAULT_FILES } from './default-configs.ts'
import { parseUciFile, type UciConfigs } from './parse-uci.ts'

/**
 * A folder with what OpenWrt builds from https://github.com/openwrt/uci and https://github.com/jow-/ucode (bin/, lib/),
 * and a checkout of https://github.com/openwrt/firewall4 (firewall4/). No distribution has packages of them.
 */
const FOLDER = process.env.OPENWRT_TOOLS ?? ''

/** Why the tools of OpenWrt cannot be used here; undefined when they can. */
export const NO_OPENWRT_TOOLS = ['bin/uci', 'bin/ucode', 'firewall4/root/usr/share/ucode/fw4.uc'].every(
  (path) => existsSync(join(FOLDER, path)),
)
  ? undefined
  : 'OPENWRT_TOOLS names no folder with uci, ucode and firewall4'

/** Files below /etc/config that the real uci changes; those of a fresh router to begin with. */
export class RealUci {
  private readonly folder = mkdtempSync(join(tmpdir(), 'uci-'))

  constructor() {
    for (const [name, text] of Object.entries(DEFAULT_FILES)) writeFileSync(this.path(name), text)
  }

  /** @returns what it complained about. */
  batch(text: string): string {
    const said = this.run(['batch'], text)
    for (const name of Object.keys(DEFAULT_FILES)) this.run(['commit', name])
    return said
  }

  configs(): UciConfigs {
    return new Map(
      Object.keys(DEFAULT_FILES).map((name) => [name, parseUciFile(readFileSync(this.path(name), 'utf8'))]),
    )
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  private run(args: readonly string[], input = ''): string {
    const { stderr } = spawnSync(
      join(FOLDER, 'bin/uci'),
      ['-c', this.folder, '-t', join(this.folder, 'staged'), ...args],
      { input, encoding: 'utf8' },
    )
    return stderr
  }

  private path(name: string): string {
    return join(this.folder, name)
  }
}

/** The rules that the real firewall4 makes of these files, for a router with the interfaces of the perimeter. */
export function realFirewall4(configs: UciConfigs, perimeter: Perimeter): string {
  const mocks = mkdtempSync(join(tmpdir(), 'fw4-'))
  for (const folder of ['uci', 'ubus']) mkdirSync(join(mocks, folder))
  const put = (name: string, value: unknown) => writeFileSync(join(mocks, name), JSON.stringify(value))
  const byType = Map.groupBy(configs.get('firewall') ?? [], ({ type }) => type)
  put(
    'uci/firewall.json',
    Object.fromEntries(
      [...byType].map(([type, sections]) => [
        type,
        sections.map(({ name, options }) => ({
          '.type': type,
          '.name': name,
          ...Object.fromEntries(options),
        })),
      ]),
    ),
  )
  put('uci/helpers.json', {})
  put('ubus/network.device~status.json', {})
  put('ubus/service~get_data~type-firewall.json', {})
  put('ubus/network.interface~dump.json', { interface: interfacesOf(perimeter) })
  const firewall4 = join(FOLDER, 'firewall4')
  const script =
    '{% include("./root/usr/share/firewall4/main.uc", { getenv: (name) => name == "ACTION" ? "print" : null }) %}'
  const { stderr, stdout } = spawnSync(
    join(FOLDER, 'bin/ucode'),
    [
      '-S',
      '-T,',
      `-L${firewall4}/tests/lib`,
      `-L${firewall4}/root/usr/share/ucode`,
      `-L${FOLDER}/lib/ucode`,
      '-D',
      `MOCK_SEARCH_PATH=${JSON.stringify([mocks, `${firewall4}/tests/mocks`])}`,
      ...['-l', 'mocklib', '-l', 'fw4', '-'],
    ],
    { cwd: firewall4, input: script, encoding: 'utf8' },
  )
  rmSync(mocks, { recursive: true, force: true })
  if (!stdout.includes('chain forward')) throw new Error(`firewall4 makes no rules: ${stderr}`)
  // Includes of the router's own file system.
  return stdout.replaceAll(/^\s*include .*$/gm, '')
}

function interfacesOf(perimeter: Perimeter): object[] {
  const none = { 'ipv4-address': [], 'ipv6-address': [], 'ipv6-prefix': [], 'ipv6-prefix-assignment': [] }
  const devices = {
    lan: perimeter.router.lan.device,
    wan: perimeter.router.wan.device,
    sovereign_server: serverDevice(perimeter),
    wg0: perimeter.wireguard?.interface ?? 'wg0',
  }
  return Object.entries(devices).map(([name, device]) => ({
    interface: name,
    up: true,
    device,
    l3_device: device,
    ...none,
  }))
}
