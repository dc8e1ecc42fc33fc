import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Authority, startAuthority } from '../../support/make-certificates.ts'
import { type PackageHosts, startPackageHosts } from '../../support/start-package-hosts.ts'

const run = promisify(execFile)

export interface ProxyUnderTest {
  /** `http://127.0.0.1:port` */
  readonly url: string
  close(): Promise<void>
}

/**
 * What people really run behind a proxy: a git clone, an npm install and an apt install, each into an empty folder and
 * compared with what lies on the server.
 *
 * @param start makes a proxy that may go to these ports of this machine.
 */
export function packageClients(start: (ports: readonly number[]) => Promise<ProxyUnderTest>): void {
  let authority: Authority
  let hosts: PackageHosts
  let proxy: ProxyUnderTest
  let dir: string
  const closers: (() => Promise<void>)[] = []

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fetched-'))
    closers.push(() => rm(dir, { recursive: true, force: true }))
    authority = await startAuthority((close) => closers.push(close))
    hosts = await startPackageHosts(authority)
    closers.push(() => hosts.close())
    const ports = [hosts.gitUrl, hosts.aptSource.split(' ')[2] ?? ''].map((url) => Number(new URL(url).port))
    proxy = await start(ports)
    closers.push(() => proxy.close())
  }, 60_000)
  afterAll(async () => {
    for (const close of closers.reverse()) await close()
  })

  test('git clones a repository over HTTPS, as it does without a proxy', async () => {
    const [direct, proxied] = [join(dir, 'clone-direct'), join(dir, 'clone-proxied')]
    const env = { ...withoutProxy(), GIT_SSL_CAINFO: authority.ca }
    await run('git', ['clone', '--quiet', hosts.gitUrl, direct], { env })
    await run('git', ['-c', `http.proxy=${proxy.url}`, 'clone', '--quiet', hosts.gitUrl, proxied], { env })
    expect((await readFile(join(proxied, 'big.bin'))).equals(hosts.bigBytes)).toBe(true)
    const isContent = (path: string): boolean => !path.startsWith('.git/') || path.startsWith('.git/objects/')
    expect(await treeOf(proxied, isContent)).toEqual(await treeOf(direct, isContent))
  }, 60_000)

  test('npm installs a package over HTTPS, and what it depends on, as it does without a proxy', async () => {
    const [direct, proxied] = [join(dir, 'npm-direct'), join(dir, 'npm-proxied')]
    await npmInstall(direct, { ca: authority.ca, registry: hosts.npmUrl })
    await npmInstall(proxied, { ca: authority.ca, registry: hosts.npmUrl, proxy: proxy.url })
    const tree = await treeOf(proxied)
    expect(tree).toEqual(await treeOf(direct))
    expect(Object.keys(tree)).toEqual(expect.arrayContaining(NPM_FILES))
    const program = `process.stdout.write(require('sovereign-probe'))`
    expect((await run(process.execPath, ['-e', program], { cwd: proxied })).stdout).toBe('fetched by npm')
  }, 60_000)

  test('apt downloads a package over HTTP, and its files are those without a proxy', async () => {
    const [direct, proxied] = [join(dir, 'apt-direct'), join(dir, 'apt-proxied')]
    for (const [root, use] of [
      [direct, undefined],
      [proxied, proxy.url],
    ] as const) {
      const apt = await makeApt(root, hosts.aptSource, use)
      await apt('update')
      await apt('download', 'sovereign-probe')
      await run('dpkg-deb', ['-x', join(root, 'sovereign-probe_1.0_all.deb'), join(root, 'unpacked')])
    }
    const tree = await treeOf(join(proxied, 'unpacked'))
    expect(tree).toEqual(await treeOf(join(direct, 'unpacked')))
    expect(Object.keys(tree)).toContain('usr/share/sovereign-probe/text')
  }, 60_000)

  test('apt installs a package and what it depends on, into a root as without a proxy', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'NOT TESTED: only root may let dpkg install, also into a folder')
    const [direct, proxied] = [join(dir, 'root-direct'), join(dir, 'root-proxied')]
    for (const [root, use] of [
      [direct, undefined],
      [proxied, proxy.url],
    ] as const) {
      const apt = await makeApt(root, hosts.aptSource, use)
      await apt('update')
      await apt('install', '--yes', 'sovereign-probe')
    }
    const tree = await treeOf(proxied, isInstalled)
    expect(tree).toEqual(await treeOf(direct, isInstalled))
    expect(Object.keys(tree)).toEqual(expect.arrayContaining(APT_FILES))
    const status = await readFile(join(proxied, 'var/lib/dpkg/status'), 'utf8')
    expect(status.match(/^(?:Package|Status): .*$/gm)).toEqual([
      ...['Package: sovereign-base', 'Status: install ok installed'],
      ...['Package: sovereign-probe', 'Status: install ok installed'],
    ])
  }, 60_000)
}

const NPM_FILES = [
  'package-lock.json',
  'node_modules/sovereign-probe/index.js',
  'node_modules/sovereign-base/big.bin',
]
const APT_FILES = [
  'usr/share/sovereign-probe/text',
  'usr/share/sovereign-base/big.bin',
  'var/lib/dpkg/status',
]

/** What belongs to the packages; not who has fetched them and when. */
function isInstalled(path: string): boolean {
  return path.startsWith('usr/') || /^var\/lib\/dpkg\/(?:status|info\/.+)$/.test(path)
}

interface NpmUse {
  readonly ca: string
  readonly registry: string
  readonly proxy?: string
}

/** Into a new folder, with a cache of its own. */
async function npmInstall(target: string, { ca, proxy, registry }: NpmUse): Promise<void> {
  await mkdir(target)
  await writeFile(join(target, 'package.json'), '{ "name": "project" }')
  const way = proxy === undefined ? [] : [`--https-proxy=${proxy}`, `--proxy=${proxy}`, '--noproxy=']
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', `--cache=${target}-cache`]
  const args = ['install', 'sovereign-probe', `--registry=${registry}`, `--cafile=${ca}`, ...way, ...quiet]
  await run('npm', args, { cwd: target, env: withoutProxy() })
}

/** The environment of this process, and no proxy in it. */
function withoutProxy(): NodeJS.ProcessEnv {
  const isProxy = (name: string): boolean => /^(?:npm_config_)?(?:https?_?|no_?|all_)?proxy$/i.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isProxy(name)))
}

/** An apt whose lists, cache, packages and settings are all below this new folder, and which touches no other. */
async function makeApt(root: string, source: string, proxy: string | undefined) {
  const parts = ['etc/apt/preferences.d', 'var/lib/apt/lists/partial', 'var/cache/apt/archives/partial']
  const ofDpkg = ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'var/lib/dpkg/triggers', 'var/log/apt']
  for (const part of [...parts, ...ofDpkg]) await mkdir(join(root, part), { recursive: true })
  await writeFile(join(root, 'etc/apt/sources.list'), `${source}\n`)
  await writeFile(join(root, 'var/lib/dpkg/status'), '')
  const settings = Object.entries({
    Dir: root,
    'Dir::State::status': join(root, 'var/lib/dpkg/status'),
    'Dir::Bin::dpkg': '/usr/bin/dpkg',
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': 'root',
    ...(proxy === undefined ? {} : { 'Acquire::http::Proxy': proxy }),
  }).map(([name, value]) => `${name} "${value}";\n`)
  const log = join(root, 'var/log/dpkg.log')
  const file = join(root, 'apt.conf')
  await writeFile(file, `${settings.join('')}DPkg::Options { "--root=${root}"; "--log=${log}"; };\n`)
  // Read before all others, it leads away from what the machine has set up, such as hooks after an installation.
  const env = { ...withoutProxy(), APT_CONFIG: file, DEBIAN_FRONTEND: 'noninteractive' }
  return (...args: string[]) => run('apt-get', ['-qq', ...args], { cwd: root, env })
}

/** Mode and digest of each file below a folder. */
async function treeOf(
  dir: string,
  isWanted = (_path: string): boolean => true,
): Promise<Record<string, string>> {
  const tree: Record<string, string> = {}
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const path = relative(dir, file)
    if (!entry.isFile() || !isWanted(path)) continue
    const { mode } = await stat(file)
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
    tree[path] = `${(mode & 0o777).toString(8)} ${digest}`
  }
  return Object.fromEntries(Object.entries(tree).sort())
}
