import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderLinuxRouter } from '../../../src/perimeter/render/linux/linux-router.ts'
import { renderServer } from '../../../src/perimeter/render/server/server.ts'
import {
  createNetworkNamespace,
  type NetworkNamespace,
  NO_NAMESPACES,
} from '../../support/network-namespace.ts'
import { perimeterVariants } from '../../support/perimeter-variants.ts'

const run = promisify(execFile)
const missing = ['/usr/sbin/nft', '/usr/bin/wg', '/usr/bin/systemd-analyze', '/usr/sbin/dnsmasq'].filter(
  (path) => !existsSync(path),
)
const why = NO_NAMESPACES ?? (missing.length > 0 ? `${missing.join(', ')} is not installed` : undefined)
if (why !== undefined) console.warn(`WHAT IS RENDERED FOR LINUX IS NOT TRIED WITH THE REAL TOOLS: ${why}.`)

describe.skipIf(why !== undefined)('the real tools', () => {
  let space: NetworkNamespace
  let folder: string
  beforeAll(async () => {
    space = await createNetworkNamespace()
    folder = await mkdtemp(join(tmpdir(), 'perimeter-'))
  })
  afterAll(async () => {
    await space?.close()
    await rm(folder, { recursive: true, force: true })
  })
  const within = async (...command: readonly string[]) => {
    const [program = '', ...args] = [...space.launcher, ...command]
    return (await run(program, args)).stdout
  }

  test.each(perimeterVariants())('%s: every file is understood by what reads it', async (name, perimeter) => {
    const files = [
      ...renderLinuxRouter(perimeter).files,
      ...renderServer({ ...perimeter, server: { ...perimeter.server, system: 'linux' } }).files,
    ]
    const root = join(folder, name.replaceAll(/\W+/g, '-'))
    for (const { path, content } of files) {
      await mkdir(dirname(root + path), { recursive: true })
      await writeFile(root + path, content, { mode: 0o600 })
    }
    const of = (pattern: RegExp) => files.map(({ path }) => root + path).filter((path) => pattern.test(path))
    for (const path of of(/\.nft$/)) await within('nft', '-c', '-f', path)
    for (const path of of(/wireguard\/\w+\.conf$/)) {
      const peers = (await run('wg-quick', ['strip', path])).stdout
      expect(peers.match(/\[Peer\]/g)).toHaveLength(perimeter.peers.length)
    }
    for (const path of of(/dnsmasq\.d/)) await run('dnsmasq', ['--test', `--conf-file=${path}`])
    const units = of(/system\/[\w-]+\.service$/)
    expect(units.length).toBeGreaterThan(0)
    // The files that a unit runs have to exist on the machine that verifies it.
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', ...units])
    expect(stderr.split('\n').filter((line) => line.includes('sovereign'))).toEqual([])
  })

  test('loading the policy again replaces it and leaves other tables alone', async () => {
    const [, perimeter] = perimeterVariants()[0] ?? []
    if (perimeter === undefined) throw new Error('There is no variant.')
    const path = join(folder, 'twice.nft')
    await writeFile(path, renderLinuxRouter(perimeter).files[0]?.content ?? '')
    await within('nft', 'add', 'table', 'inet', 'somebody_elses')
    await within('nft', '-f', path)
    await within('nft', 'add', 'rule', 'inet', 'sovereign_router', 'input', 'accept')
    const changed = await within('nft', 'list', 'ruleset')
    await within('nft', '-f', path)
    const loaded = await within('nft', 'list', 'ruleset')
    expect(loaded).not.toBe(changed)
    expect(loaded.match(/"lan-to-router"/g)).toHaveLength(1)
    expect(loaded).toContain('table inet somebody_elses')
  })
})
