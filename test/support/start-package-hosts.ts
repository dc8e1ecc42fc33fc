import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { promisify } from 'node:util'
import type { Authority } from './make-certificates.ts'

const run = promisify(execFile)

export interface PackageHosts {
  /** A git repository over HTTPS (the plain file protocol), with a file of {@link bigBytes} in it. */
  readonly gitUrl: string
  /** A registry over HTTPS with one package `sovereign-probe`. */
  readonly npmUrl: string
  /** A line for sources.list over HTTP, with one package `sovereign-probe`. */
  readonly aptSource: string
  readonly bigBytes: Buffer
  close(): Promise<void>
}

/** What git, npm and apt fetch from: files behind one HTTP and one HTTPS server on this machine. */
export async function startPackageHosts(authority: Authority): Promise<PackageHosts> {
  const dir = await mkdtemp(join(tmpdir(), 'packages-'))
  const bigBytes = Buffer.alloc(3_000_000, createHash('sha256').update('big').digest())
  const files = serveFiles(dir)
  const plain = createServer(files)
  const { cert, key } = await authority.make()
  const secure = createTlsServer({ cert: await readFile(cert), key: await readFile(key) }, files)
  for (const server of [plain, secure]) await once(server.listen(0, '127.0.0.1'), 'listening')
  const httpUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`
  const httpsUrl = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
  await makeRepository(dir, bigBytes)
  await makeRegistry(dir, httpsUrl)
  await makeArchive(dir)
  return {
    gitUrl: `${httpsUrl}/project.git`,
    npmUrl: `${httpsUrl}/npm/`,
    aptSource: `deb [trusted=yes] ${httpUrl}/apt ./`,
    bigBytes,
    async close() {
      for (const server of [plain, secure]) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function serveFiles(dir: string): RequestListener {
  return async (request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? '/').replace(/\?.*/, '')))
    try {
      const bytes = await readFile(join(dir, path))
      response.writeHead(200, {
        'content-type': path.startsWith('/npm/') ? 'application/json' : 'text/plain',
      })
      response.end(bytes)
    } catch {
      response.writeHead(404).end()
    }
  }
}

async function makeRepository(dir: string, bigBytes: Buffer): Promise<void> {
  const work = join(dir, 'work')
  const git = (...args: string[]) =>
    run('git', ['-C', work, '-c', 'user.name=T', '-c', 'user.email=t@example.com', ...args])
  await run('git', ['init', '--quiet', '--initial-branch=main', work])
  await writeFile(join(work, 'big.bin'), bigBytes)
  await writeFile(join(work, 'README'), 'Fetched by git.\n')
  await git('add', '.')
  await git('commit', '--quiet', '-m', 'Begin')
  await run('git', ['clone', '--quiet', '--bare', work, join(dir, 'project.git')])
  await run('git', ['-C', join(dir, 'project.git'), 'update-server-info'])
}

async function makeRegistry(dir: string, origin: string): Promise<void> {
  const source = join(dir, 'probe')
  const registry = join(dir, 'npm')
  await mkdir(source)
  await mkdir(registry)
  const manifest = { name: 'sovereign-probe', version: '1.0.0', main: 'index.js' }
  await writeFile(join(source, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(source, 'index.js'), 'module.exports = "fetched by npm"\n')
  await run('npm', ['pack', '--silent', '--pack-destination', registry], { cwd: source })
  const name = 'sovereign-probe-1.0.0.tgz'
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(join(registry, name)))
    .digest('base64')}`
  const dist = { tarball: `${origin}/npm/${name}`, integrity }
  await writeFile(
    join(registry, 'sovereign-probe'),
    JSON.stringify({
      name: manifest.name,
      'dist-tags': { latest: '1.0.0' },
      versions: { '1.0.0': { ...manifest, dist } },
    }),
  )
}

async function makeArchive(dir: string): Promise<void> {
  const root = join(dir, 'deb')
  const archive = join(dir, 'apt')
  await mkdir(join(root, 'DEBIAN'), { recursive: true })
  await mkdir(join(root, 'usr/share/sovereign-probe'), { recursive: true })
  await mkdir(archive)
  await writeFile(join(root, 'usr/share/sovereign-probe/text'), 'Fetched by apt.\n')
  const control = [
    'Package: sovereign-probe',
    'Version: 1.0',
    'Architecture: all',
    'Maintainer: Nobody <nobody@example.com>',
    'Description: A package to be fetched in a test',
  ].join('\n')
  await writeFile(join(root, 'DEBIAN/control'), `${control}\n`)
  const deb = join(archive, 'sovereign-probe_1.0_all.deb')
  await run('dpkg-deb', ['--build', '--root-owner-group', root, deb])
  const bytes = await readFile(deb)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const entry = `${control}\nFilename: ./sovereign-probe_1.0_all.deb\nSize: ${bytes.length}\nSHA256: ${sha256}\n\n`
  await writeFile(join(archive, 'Packages'), entry)
}
