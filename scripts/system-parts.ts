// Makes sure of what the tests need from the machine: `npm test` runs this first.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Part {
  /** Any one of these commands will do. */
  readonly commands: readonly string[]
  readonly apt: string
  readonly dnf: string
  /** `undefined` where macOS brings it along or where only Linux has it. */
  readonly brew?: string
  readonly linuxOnly?: boolean
}

export const PARTS: readonly Part[] = [
  { commands: ['bash'], apt: 'bash', dnf: 'bash' },
  { commands: ['curl'], apt: 'curl', dnf: 'curl' },
  { commands: ['tar'], apt: 'tar', dnf: 'tar' },
  { commands: ['gzip'], apt: 'gzip', dnf: 'gzip' },
  { commands: ['ssh'], apt: 'openssh-client', dnf: 'openssh-clients' },
  { commands: ['sshd'], apt: 'openssh-server', dnf: 'openssh-server' },
  { commands: ['ps'], apt: 'procps', dnf: 'procps-ng' },
  { commands: ['ip'], apt: 'iproute2', dnf: 'iproute', linuxOnly: true },
  { commands: ['nft'], apt: 'nftables', dnf: 'nftables', linuxOnly: true },
  { commands: ['wg'], apt: 'wireguard-tools', dnf: 'wireguard-tools', linuxOnly: true },
  { commands: ['wireguard-go'], apt: 'wireguard-go', dnf: 'wireguard-go', linuxOnly: true },
  { commands: ['dnsmasq'], apt: 'dnsmasq-base', dnf: 'dnsmasq', linuxOnly: true },
  { commands: ['conntrack'], apt: 'conntrack', dnf: 'conntrack-tools', linuxOnly: true },
  { commands: ['slowhttptest'], apt: 'slowhttptest', dnf: 'slowhttptest', linuxOnly: true },
  { commands: ['ncat'], apt: 'ncat', dnf: 'nmap-ncat', linuxOnly: true },
  { commands: ['openssl'], apt: 'openssl', dnf: 'openssl' },
  { commands: ['gnome-keyring-daemon'], apt: 'gnome-keyring', dnf: 'gnome-keyring', linuxOnly: true },
  {
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    apt: 'chromium',
    dnf: 'chromium',
    linuxOnly: true,
  },
  { commands: ['dbus-daemon'], apt: 'dbus', dnf: 'dbus-daemon', linuxOnly: true },
]

/** sshd and nft live where an ordinary user's PATH does not look. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']

export function missingParts(
  parts: readonly Part[] = PARTS,
  path = process.env.PATH ?? '',
  platform: string = process.platform,
): Part[] {
  const folders = [...path.split(delimiter), ...SYSTEM_FOLDERS].filter((folder) => folder !== '')
  return parts
    .filter((part) => part.linuxOnly !== true || platform === 'linux')
    .filter((part) => !part.commands.some((name) => folders.some((folder) => existsSync(join(folder, name)))))
}

/** The command for a person to type, for whatever package manager the machine has. */
export function installAdvice(parts: readonly Part[], platform: string = process.platform): string {
  const packages = (manager: 'apt' | 'dnf' | 'brew') =>
    [...new Set(parts.map((part) => part[manager] ?? part.apt))].join(' ')
  if (platform === 'darwin') return `  brew install ${packages('brew')}`
  return [
    `  Debian, Ubuntu: sudo apt-get install ${packages('apt')}`,
    `  Fedora, RHEL:   sudo dnf install ${packages('dnf')}`,
  ].join('\n')
}

/**
 * Installs what is missing where this user may, else names it and ends the process.
 *
 * @param who what needs the parts, for people: `The tests`. @param commands only these; all of them by default.
 */
export function ensureSystemParts(who: string, commands?: readonly string[]): void {
  const parts = PARTS.filter(
    (part) => commands === undefined || part.commands.some((name) => commands.includes(name)),
  )
  const missing = missingParts(parts)
  if (missing.length === 0) return
  const names = missing.map((part) => part.commands[0]).join(', ')
  const root = asRoot()
  if (process.platform === 'linux' && root !== undefined && missingParts(aptItself()).length === 0) {
    console.log(`${who} need what this machine lacks, installing: ${names}`)
    if (missing.some((part) => part.apt === 'openssh-server'))
      console.log(
        'Some systems start an SSH server once it is installed; the tests start their own on loopback.',
      )
    aptInstall(root, [...new Set(missing.map((part) => part.apt))])
    if (missingParts(parts).length === 0) return
  }
  fail(`${who} need ${names}. Install with:\n${installAdvice(missingParts(parts))}`)
}

function aptItself(): Part[] {
  return [{ commands: ['apt-get'], apt: 'apt', dnf: 'apt' }]
}

/** Words that put a command in front of root; `undefined` where that would need a password. */
function asRoot(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return []
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined
}

function aptInstall(root: readonly string[], packages: readonly string[]): void {
  // Another apt may be at work on a machine that has just booted.
  const apt = (...args: string[]) =>
    run(
      [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args],
      '-o',
      'DPkg::Lock::Timeout=300',
    )
  if (!apt('install', '-y', '--no-install-recommends', ...packages)) {
    console.log('Once more, with a fresh package list.')
    if (apt('update')) apt('install', '-y', '--no-install-recommends', ...packages)
  }
}

function run(command: readonly string[], ...more: string[]): boolean {
  const [program = '', ...args] = [...command, ...more]
  console.log(`+ ${[program, ...args].join(' ')}`)
  return spawnSync(program, args, { stdio: 'inherit' }).status === 0
}

/** Whether node_modules/.package-lock.json, which npm writes last, holds just what the lock file asks for. */
export function isInstalled(folder: string): boolean {
  const wanted = packagesOf(join(folder, 'package-lock.json'))
  const present = packagesOf(join(folder, 'node_modules/.package-lock.json'))
  if (wanted === undefined || present === undefined) return false
  return Object.entries(wanted).every(([path, entry]) => {
    // Packages for other systems are in the lock file and never on the disk.
    if (path === '' || entry.optional === true) return true
    return present[path]?.version === entry.version
  })
}

function packagesOf(path: string): Record<string, { version?: string; optional?: boolean }> | undefined {
  if (!existsSync(path)) return undefined
  return JSON.parse(readFileSync(path, 'utf8')).packages
}

/** Installs a package of its own with what it needs. @returns whether all of it is there. */
function ensurePackages(folder: string, what: string): boolean {
  if (isInstalled(folder)) return true
  console.log(`Installing ${what}.`)
  // npm hands its own settings down as npm_* variables; those of the outer project must not count in here.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?:package|lifecycle|command)/.test(name)),
  )
  // Not `npm ci`: that insists on the packages for other systems as well, and not every registry has them all.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status } = spawnSync(npm, ['install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: folder,
    env,
    stdio: 'inherit',
  })
  return status === 0
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

if (import.meta.main) {
  ensureSystemParts('The tests')
  const folderOf = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
  const clients = folderOf('test/clients')
  if (!ensurePackages(clients, 'the AI clients that the end-to-end tests drive'))
    fail(`"npm install" failed in ${clients}.`)
  if (!ensurePackages(folderOf('src/functions/infra'), 'AWS CDK, for what is deployed to AWS'))
    console.warn('AWS CDK could not be installed: WHAT IS DEPLOYED TO AWS IS NOT TESTED.')
}
