import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { VerifyPlace } from '../../../src/perimeter/verify/place.ts'
import type { VerifiedCell } from '../../../src/perimeter/verify/verified-cell.ts'
import { verifyRecordSchema } from '../../../src/shared/protocol/perimeter-verify.ts'
import { loadRules, write } from '../../support/perimeter-lab/install.ts'
import { type Lab, startLab } from '../../support/perimeter-lab/lab.ts'
import { ADDRESSES, scenarioNamed } from '../../support/perimeter-lab/lab-perimeter.ts'
import type { HostName } from '../../support/perimeter-lab/topology.ts'
import { type Host, whyNoLab } from '../../support/perimeter-lab/world.ts'

const why = whyNoLab()
if (why !== undefined)
  console.warn(`SKIPPED: "perimeter verify" IS NOT HELD AGAINST THE TRUTH, because ${why}.`)

const SOVEREIGN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
const HOSTS: readonly (readonly [place: VerifyPlace, host: HostName])[] = [
  ['vpn', 'client'],
  ['server', 'server'],
  ['admin', 'admin'],
  ['lan', 'lan'],
  ['internet', 'internet'],
]

interface Report {
  readonly from: VerifyPlace
  readonly right: number
  readonly wrong: number
  readonly unknown: number
  readonly cells: readonly VerifiedCell[]
}

describe.skipIf(why !== undefined)('"perimeter verify" inside the lab', () => {
  let lab: Lab
  let close: (() => Promise<void>) | undefined
  beforeAll(async () => {
    lab = await startLab(scenarioNamed('vlan, SSH and no internet'), (end) => {
      close = end
    })
    for (const [, name] of HOSTS)
      await write(lab.hosts[name], '/run/perimeter.json', JSON.stringify(lab.perimeter), 0o600)
  })
  afterAll(() => close?.())

  const run = (host: Host, ...args: readonly string[]) =>
    host.run([
      'env',
      'SOVEREIGN_PERIMETER_DIR=/run/verified',
      process.execPath,
      SOVEREIGN,
      'perimeter',
      'verify',
      '--file',
      '/run/perimeter.json',
      ...['--lan-host', ADDRESSES.lan[4], '--lan-host', ADDRESSES.lan[6]],
      ...['--internet-host', ADDRESSES.internet[4], '--internet-host', ADDRESSES.internet[6]],
      ...args,
    ])
  const report = async (host: Host): Promise<{ code: number; report: Report }> => {
    const { code, stdout, stderr } = await run(host, '--json')
    expect(stderr).toBe('')
    return { code, report: JSON.parse(stdout) as Report }
  }

  test.each(HOSTS)(
    'as %s it finds out where it stands, and says nothing that is not so',
    {
      timeout: 60_000,
    },
    async (place, name) => {
      const { code, report: found } = await report(lab.hosts[name])
      expect(found.from).toBe(place)
      expect(
        found.cells.filter(({ cell, verdict }) => verdict !== 'unknown' && verdict !== cell.expected),
      ).toEqual([])
      expect(code).toBe(0)
      // What it is sure of is what the lab, which sees both ends, finds as well.
      const sure = found.cells.filter(({ verdict }) => verdict !== 'unknown').map(({ cell }) => cell)
      expect(sure.length).toBeGreaterThan(found.cells.length / (place === 'internet' ? 8 : 3))
      const truth = await lab.judge.try(sure)
      expect(truth.filter(({ cell, verdict }) => verdict !== cell.expected)).toEqual([])
      // A datagram that nobody answers is never called denied.
      const silent = found.cells.filter(
        ({ cell, verdict, evidence }) =>
          cell.protocol === 'udp' && verdict === 'denied' && /no answer/.test(evidence),
      )
      expect(silent).toEqual([])

      const record = JSON.parse(await lab.hosts[name].sh('cat /run/verified/last-verify.json'))
      const { right, wrong, unknown } = found
      expect(verifyRecordSchema.parse(record)).toMatchObject({ from: place, right, wrong, unknown })
    },
  )

  test.each([
    ['vpn', 'client', 'chain forward accepts', 'vpn>lan/tcp/22/4'],
    ['vpn', 'client', 'chain input accepts', 'vpn>router/tcp/80/4'],
    ['vpn', 'client', 'without vpn-to-server/4', 'vpn>server/tcp/11434/4'],
    ['server', 'server', 'chain forward accepts', 'server>lan/tcp/443/6'],
    ['admin', 'admin', 'without admin-to-server/4', 'admin>server/tcp/22/4'],
    ['lan', 'lan', 'chain forward accepts', 'lan>server/tcp/11434/4'],
    ['internet', 'internet', 'chain forward accepts', 'internet>server/tcp/11434/6'],
  ] as const)(
    'as %s it sees that a policy is broken: %s, %s',
    { timeout: 60_000 },
    async (_, name, broken, id) => {
      const text = brokenRules(lab.rules.router, broken)
      await loadRules(lab.hosts.router, text)
      try {
        const { code, stdout } = await run(lab.hosts[name])
        expect(code).toBe(1)
        expect(stdout).toContain(`✗ ${id}`)
      } finally {
        await loadRules(lab.hosts.router, lab.rules.router)
      }
    },
  )

  test('a port that is closed but reached counts as reached', { timeout: 60_000 }, async () => {
    // Nobody listens on this port of the server, so the kernel refuses the connection that got there.
    const perimeter = {
      ...lab.perimeter,
      server: { ...lab.perimeter.server, port: 11_435 },
    }
    const { peer } = lab.hosts
    await write(peer, '/run/perimeter.json', JSON.stringify(perimeter), 0o600)
    const rules = lab.rules.router.replaceAll('dport 11434', 'dport 11435')
    expect(rules).not.toBe(lab.rules.router)
    await loadRules(lab.hosts.router, rules)
    try {
      const { report: found } = await report(peer)
      const cell = found.cells.find(({ cell: { id } }) => id === 'vpn>server/tcp/11435/4')
      expect(cell).toMatchObject({
        verdict: 'allowed',
        evidence: expect.stringContaining('refused by the machine'),
      })
    } finally {
      await loadRules(lab.hosts.router, lab.rules.router)
    }
  })
})

function brokenRules(text: string, how: string): string {
  const chain = /^chain (\w+) accepts$/.exec(how)?.[1]
  const rule = /^without (.+)$/.exec(how)?.[1]
  const broken =
    chain === undefined
      ? text
          .split('\n')
          .filter((line) => !line.includes(`comment "${rule}"`))
          .join('\n')
      : text.replace(new RegExp(`(chain ${chain} \\{[^;]*; )policy drop`), '$1policy accept')
  expect(broken).not.toBe(text)
  return broken
}
