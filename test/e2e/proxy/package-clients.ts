import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

  test('git clones a repository over HTTPS', async () => {
    const target = join(dir, 'clone')
    await run('git', ['-c', `http.proxy=${proxy.url}`, 'clone', '--quiet', hosts.gitUrl, target], {
      env: { ...process.env, GIT_SSL_CAINFO: authority.ca },
    })
    expect((await readFile(join(target, 'big.bin'))).equals(hosts.bigBytes)).toBe(true)
  }, 60_000)

  test('npm installs a package over HTTPS', async () => {
    const target = join(dir, 'npm')
    await mkdir(target)
    await writeFile(join(target, 'package.json'), '{}')
    const proxied = [
      `--https-proxy=${proxy.url}`,
      `--proxy=${proxy.url}`,
      '--noproxy=',
      `--cafile=${authority.ca}`,
    ]
    const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', `--cache=${join(dir, 'npm-cache')}`]
    await run('npm', ['install', 'sovereign-probe', `--registry=${hosts.npmUrl}`, ...proxied, ...quiet], {
      cwd: target,
      env: { ...process.env, NO_PROXY: '', no_proxy: '' },
    })
    const text = await readFile(join(target, 'node_modules/sovereign-probe/index.js'), 'utf8')
    expect(text).toContain('fetched by npm')
  }, 60_000)

  test('apt finds a package over HTTP and downloads it', async () => {
    const target = join(dir, 'apt')
    for (const part of ['lists/partial', 'cache/archives/partial', 'etc'])
      await mkdir(join(target, part), { recursive: true })
    await writeFile(join(target, 'sources.list'), `${hosts.aptSource}\n`)
    await writeFile(join(target, 'status'), '')
    const options = Object.entries({
      'Acquire::http::Proxy': proxy.url,
      'Acquire::Languages': 'none',
      'APT::Sandbox::User': 'root',
      'Dir::Etc': join(target, 'etc'),
      'Dir::Etc::SourceList': join(target, 'sources.list'),
      'Dir::Etc::SourceParts': '-',
      'Dir::State::Lists': join(target, 'lists'),
      'Dir::State::status': join(target, 'status'),
      'Dir::Cache': join(target, 'cache'),
    }).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    await run('apt-get', [...options, '-qq', 'update'], { cwd: target })
    await run('apt-get', [...options, '-qq', 'download', 'sovereign-probe'], { cwd: target })
    const { stdout } = await run('dpkg-deb', ['--fsys-tarfile', join(target, 'sovereign-probe_1.0_all.deb')])
    expect(stdout).toContain('Fetched by apt.')
  }, 60_000)
}
