import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  findOpenCode,
  type OpenCodePlatform,
  storeOpenCode,
} from '../../../../src/relay/setup/opencode-store.ts'
import { openCodeFolder } from '../../../../src/relay/setup/setup-routes.ts'
import { makeBareMachine } from '../../../support/bare-machine.ts'
import { type SetupServer, startSetupServer } from '../../../support/start-setup-server.ts'

const PLATFORM: OpenCodePlatform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'

let dataDir: string
let server: SetupServer

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'bundle-'))
  server = await startSetupServer(dataDir)
})
afterEach(async () => {
  await server.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function download(path = '/bundle.tar.gz'): Promise<{ response: Response; body: Buffer }> {
  const response = await fetch(server.url + path)
  return { response, body: Buffer.from(await response.arrayBuffer()) }
}

/** Stands for OpenCode: a program that tells its version. */
async function storeStandIn(text = 'echo 9.9.9'): Promise<void> {
  const binary = join(dataDir, 'stand-in')
  await writeFile(binary, `#!/bin/bash\n${text}\n`)
  await chmod(binary, 0o755)
  await storeOpenCode(openCodeFolder(dataDir), PLATFORM, binary, '9.9.9')
}

test('the bundle says its length and checksum and keeps to both', async () => {
  const { response, body } = await download()
  const sha256 = createHash('sha256').update(body).digest()
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'application/gzip',
    'content-length': String(body.length),
    'x-content-sha256': sha256.toString('hex'),
    'repr-digest': `sha-256=:${sha256.toString('base64')}:`,
    etag: `"${sha256.toString('hex')}"`,
  })
  expect(gunzipSync(body).length).toBeGreaterThan(0)
})

test('what a client already has is not sent again', async () => {
  const { response } = await download()
  const etag = response.headers.get('etag') ?? ''
  const again = await fetch(`${server.url}/bundle.tar.gz`, {
    headers: { 'If-None-Match': `"other", W/${etag}` },
  })
  expect(again.status).toBe(304)
  expect(await again.text()).toBe('')
})

test('twenty downloads at once share one build', async () => {
  await storeStandIn()
  const all = await Promise.all(
    Array.from({ length: 20 }, () => download(`/bundle.tar.gz?opencode=${PLATFORM}`)),
  )
  expect(new Set(all.map(({ body }) => createHash('sha256').update(body).digest('hex'))).size).toBe(1)
  expect(await readdir(join(dataDir, 'bundle'))).toHaveLength(1)
})

test('another relay makes the very same bytes', async () => {
  const otherDir = await mkdtemp(join(tmpdir(), 'bundle-other-'))
  const other = await startSetupServer(otherDir)
  try {
    const theirs = Buffer.from(await (await fetch(`${other.url}/bundle.tar.gz`)).arrayBuffer())
    expect(theirs.equals((await download()).body)).toBe(true)
  } finally {
    await other.close()
    await rm(otherDir, { recursive: true, force: true })
  }
})

test('only the allow-list is in it, whatever lies beside the relay', async () => {
  await writeFile(join(dataDir, 'config.json'), '{"github_oauth_token":"gho_secret"}')
  const { body } = await download()
  const names = execFileSync('tar', ['-tzf', '-'], { input: body, encoding: 'utf8' }).trim().split('\n')
  expect(names).toEqual(
    ['README.txt', 'SHA256SUMS', 'VERSION', 'setup.sh', 'tunnel.sh', 'uninstall.sh'].map(
      (name) => `sovereign-kit/${name}`,
    ),
  )
  expect(gunzipSync(body).includes('gho_secret')).toBe(false)
})

test('a vanished cache file is built again', async () => {
  const first = await download()
  await rm(join(dataDir, 'bundle'), { recursive: true })
  expect((await download()).body.equals(first.body)).toBe(true)
})

test('a new OpenCode takes the place of the old one in the cache', async () => {
  await storeStandIn('echo old')
  const old = await download(`/bundle.tar.gz?opencode=${PLATFORM}`)
  await storeStandIn('echo new')
  const fresh = await download(`/bundle.tar.gz?opencode=${PLATFORM}`)
  expect(fresh.response.headers.get('etag')).not.toBe(old.response.headers.get('etag'))
  expect(await readdir(join(dataDir, 'bundle'))).toHaveLength(1)
})

test.each([
  ['?opencode=plan9-mips', 400, 'linux-x64'],
  [`?opencode=${PLATFORM}`, 404, 'sovereign relay bundle'],
])('a bundle that cannot be made (%s) is refused with what to do', async (query, status, words) => {
  const { response, body } = await download(`/bundle.tar.gz${query}`)
  expect(response.status).toBe(status)
  expect(body.toString()).toContain(words)
})

test('an OpenCode that was changed behind our back is not handed out', async () => {
  await storeStandIn()
  const stored = await findOpenCode(openCodeFolder(dataDir), PLATFORM)
  await writeFile(stored?.path ?? '', 'something much longer than before, that nobody vouched for at all')
  expect((await download(`/bundle.tar.gz?opencode=${PLATFORM}`)).response.status).toBe(404)
})

test('a bare machine installs OpenCode through the tunnel and gets rid of it again', async () => {
  const machine = await makeBareMachine()
  try {
    await storeStandIn()
    const script = `set -o pipefail; curl -fsSL ${server.url}/setup | bash -s --`
    const installed = await machine.run(`${script} --with-opencode && .local/bin/opencode`)
    expect(installed).toMatchObject({ code: 0, stderr: '' })
    expect(installed.stdout).toMatch(/9\.9\.9\n$/)
    expect(await machine.run(`${script} --uninstall && test ! -e .local/bin/opencode`)).toMatchObject({
      code: 0,
      stderr: '',
    })
  } finally {
    await machine.remove()
  }
})

test('the kit works on its own, with checksums that hold', async () => {
  const machine = await makeBareMachine()
  try {
    const outcome = await machine.run(
      `curl -fsSL ${server.url}/bundle.tar.gz | tar -xzf - && cd sovereign-kit && sha256sum -c SHA256SUMS &&
       ./setup.sh --base ${server.url} && ./uninstall.sh`,
    )
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(await readFile(join(machine.home, 'sovereign-kit/VERSION'), 'utf8')).toContain('0.0.0-test')
  } finally {
    await machine.remove()
  }
})
