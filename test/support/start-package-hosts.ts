import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
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
  /** A registry over HTTPS with `sovereign-probe`, which needs `sovereign-base`. */
  readonly npmUrl: string
  /** A line for sources.list over HTTP, with `sovereign-probe`, which needs `sovereign-base`. */
  readonly aptSource: string
  readonly bigBytes: Buffer
  close(): Promise<void>
}

/** What git, npm and apt fetch from: files behind one HTTP and one HTTPS server on this machine. */
export async function startPackageHosts(authority: Authority): Promise<PackageHosts> {
  const dir = await mkdtemp(join(tmpdir(), 'packages-'))
  // Random, so that what packs it leaves it as big.
  const bigBytes = randomBytes(3_000_000)
  const files = serveFiles(dir)
  const plain = createServer(files)
  const { cert, key } = await authority.make()
  const secure = createTlsServer({ cert: await readFile(cert), key: await readFile(key) }, files)
  for (const server of [plain, secure]) await once(server.listen(0, '127.0.0.1'), 'listening')
  const httpUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`
  const httpsUrl = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
  await makeRepository(dir, bigBytes)
  await makeRegistry(dir, httpsUrl, bigBytes)
  await makeArchive(dir, bigBytes)
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

/** One package that is small, and one that it depends on and that is not. */
async function makeRegistry(dir: string, origin: string, bigBytes: Buffer): Promise<void> {
  const registry = join(dir, 'npm')
  await mkdir(registry)
  const base = { name: 'sovereign-base', version: '2.0.0', main: 'big.bin' }
  const probe = {
    ...{ name: 'sovereign-probe', version: '1.0.0', main: 'index.js', bin: 'run.sh' },
    dependencies: { 'sovereign-base': '^2.0.0' },
  }
  await publish(dir, origin, base, { 'big.bin': bigBytes })
  await publish(dir, origin, probe, {
    'index.js': 'module.exports = "fetched by npm"\n',
    'run.sh': '#!/bin/sh\necho fetched\n',
  })
}

interface Manifest {
  readonly name: string
  readonly version: string
}

async function publish(
  dir: string,
  origin: string,
  manifest: Manifest,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  const { name, version } = manifest
  const source = join(dir, name)
  const registry = join(dir, 'npm')
  await mkdir(source)
  await writeFile(join(source, 'package.json'), JSON.stringify(manifest))
  for (const [path, content] of Object.entries(files)) await writeFile(join(source, path), content)
  await run('npm', ['pack', '--silent', '--pack-destination', registry], { cwd: source })
  const file = `${name}-${version}.tgz`
  const packed = await readFile(join(registry, file))
  const integrity = `sha512-${createHash('sha512').update(packed).digest('base64')}`
  const dist = { tarball: `${origin}/npm/${file}`, integrity }
  const versions = { [version]: { ...manifest, dist } }
  await writeFile(join(registry, name), JSON.stringify({ name, 'dist-tags': { latest: version }, versions }))
}

/** Two packages as above. */
async function makeArchive(dir: string, bigBytes: Buffer): Promise<void> {
  await mkdir(join(dir, 'apt'))
  const entries = [
    await buildDeb(dir, 'sovereign-base', '2.0', [], { 'big.bin': bigBytes }),
    await buildDeb(dir, 'sovereign-probe', '1.0', ['Depends: sovereign-base (>= 2.0)'], {
      text: 'Fetched by apt.\n',
    }),
  ]
  await writeFile(join(dir, 'apt/Packages'), entries.join(''))
}

/** @returns its entry in the list of the archive. */
async function buildDeb(
  dir: string,
  name: string,
  version: string,
  more: readonly string[],
  files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
  const root = join(dir, 'deb', name)
  const data = join(root, 'usr/share', name)
  await mkdir(join(root, 'DEBIAN'), { recursive: true })
  await mkdir(data, { recursive: true })
  for (const [path, content] of Object.entries(files)) await writeFile(join(data, path), content)
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: Nobody <nobody@example.com>',
    ...more,
    'Description: A package to be fetched in a test',
  ].join('\n')
  await writeFile(join(root, 'DEBIAN/control'), `${control}\n`)
  const file = `${name}_${version}_all.deb`
  await run('dpkg-deb', ['--build', '--root-owner-group', root, join(dir, 'apt', file)])
  const bytes = await readFile(join(dir, 'apt', file))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return `${control}\nFilename: ./${file}\nSize: ${bytes.length}\nSHA256: ${sha256}\n\n`
}
