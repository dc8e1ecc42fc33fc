import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { makeTemporary, openssl } from '../../support/make-certs.ts'
import { runSovereign } from '../../support/sovereign-process.ts'

let home: string
beforeEach(async () => {
  home = await makeTemporary(onTestFinished)
})

/** `sovereign certs …` as its own process, in a home where nothing was ever started. */
async function certs(...args: string[]) {
  const command = runSovereign(['certs', ...args], { HOME: home, XDG_CONFIG_HOME: join(home, 'config') })
  onTestFinished(async () => void (await command.stop('SIGKILL')))
  const code = await command.finished
  return { code, stdout: command.stdout(), stderr: command.stderr() }
}

/** Fails the test with what was said where the command fails. */
async function certsFine(...args: string[]): Promise<string> {
  const { code, stderr, stdout } = await certs(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

const usual = () => join(home, 'config/sovereign-bridge/certs')
const today = () => new Date().toISOString().slice(0, 10)
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

describe('sovereign certs', () => {
  test('leads from nothing to the files of a server and an agent', async () => {
    expect(await certsFine('init')).toBe(
      `A certificate authority is in ${usual()}, until ${inDays(3650 - 1 / 24)}.
Whoever has its ca.key can let anybody in: keep it here, and a copy of the folder in a safe place.

Next:
  npx sovereign certs issue --server        for the tunnel server
  npx sovereign certs issue laptop --agent  for each machine that uses it, by its name
`,
    )
    expect(await certsFine('issue', '--server')).toContain(
      'sovereign-tunnel-server has a certificate as a server',
    )
    expect(await certsFine('issue', 'laptop', '--agent')).toBe(
      `laptop has a certificate as an agent, until ${inDays(90)} (90 days).
  identity  sovereign://agent/laptop
  files     cert.pem and key.pem in ${usual()}/issued/laptop

To hand it over: npx sovereign certs export laptop --to FOLDER
`,
    )
    const [agent, server] = [join(home, 'for-laptop'), join(home, 'for-server')]
    const said = await certsFine('export', 'laptop', '--to', agent)
    expect(said).toContain(`What laptop needs is in ${agent}: ca.pem, cert.pem, key.pem and crl.pem.`)
    expect(said).toContain('"ca", "cert", "key" and "crl" of "egress.mtls" name them')
    await certsFine('export', 'sovereign-tunnel-server', '--to', server)
    for (const folder of [agent, server])
      expect((await readdir(folder)).toSorted()).toEqual(['ca.pem', 'cert.pem', 'crl.pem', 'key.pem'])
    expect((await stat(agent)).mode & 0o777).toBe(0o700)
    for (const file of await readdir(server))
      expect((await stat(join(server, file))).mode & 0o777).toBe(0o600)
    const { text } = await openssl('verify', '-CAfile', `${agent}/ca.pem`, `${agent}/cert.pem`)
    expect(text).toContain('OK')
  })

  test('shows in a table what was issued, what ends soon and what was revoked', async () => {
    const dir = join(home, 'mine')
    await certsFine('init', '--dir', dir)
    expect(await certsFine('show', '--dir', dir)).toContain(
      'Nothing was issued yet: npx sovereign certs issue',
    )
    await certsFine('issue', 'laptop', '--agent', '--dir', dir)
    await certsFine('issue', 'phone', '--agent', '--days', '12', '--dir', dir)
    await certsFine('issue', '--server', '--dir', dir)
    expect(await certsFine('revoke', 'laptop', '--dir', dir)).toBe(
      `laptop is revoked.\nServers refuse it as soon as they have the new list: ${dir}/crl.pem\n`,
    )
    const [head, ...rest] = (await certsFine('show', '--dir', dir)).split('\n')
    expect(head).toMatch(/^Sovereign Bridge CA [0-9a-f]{6} in .+\/mine, until \d{4}-\d\d-\d\d$/)
    expect(rest.join('\n')).toBe(
      `Revocation list 5: 1 certificate, good until ${inDays(120)}

NAME                     KIND    IDENTITY                                    VALID UNTIL  DAYS  STATE
laptop                   agent   sovereign://agent/laptop                    ${inDays(90)}     90  revoked on ${today()}
phone                    agent   sovereign://agent/phone                     ${inDays(12)}     12  ends soon
sovereign-tunnel-server  server  sovereign://server/sovereign-tunnel-server  ${inDays(90)}     90  valid

To do:
  npx sovereign certs renew phone --dir ${dir}
`,
    )
  })

  test('says of a revoked server who refuses it', async () => {
    await certsFine('init')
    await certsFine('issue', '--server')
    expect(await certsFine('revoke', 'sovereign-tunnel-server')).toBe(
      'sovereign-tunnel-server is revoked.\nAgents refuse it, and cut it where they are connected, once they have the new list, ' +
        'which "crl" of "egress.mtls" has to name in their settings; those without one trust it until it ends. ' +
        `Servers with that list do not start with it: ${usual()}/crl.pem\n`,
    )
  })

  test('shows one certificate whole, with the fingerprint that openssl finds', async () => {
    await certsFine('init')
    await certsFine('issue', 'home', '--server', '--san', 'tunnel.example.com', '--san', '192.0.2.7')
    const { text } = await openssl(
      'x509',
      '-in',
      `${usual()}/issued/home/cert.pem`,
      '-noout',
      '-fingerprint',
      '-sha256',
    )
    const shown = await certsFine('show', 'home')
    expect(shown).toContain(`  SHA-256   ${text.trim().split('=')[1]}\n`)
    expect(shown).toContain('  names     home, tunnel.example.com, 192.0.2.7\n')
    const json = z
      .looseObject({ state: z.string(), fingerprint: z.string(), daysLeft: z.number() })
      .parse(JSON.parse(await certsFine('show', 'home', '--json')))
    expect(json).toMatchObject({ state: 'valid', fingerprint: text.trim().split('=')[1], daysLeft: 90 })
  })

  test('gives everything to machines as JSON, and no key', async () => {
    await certsFine('init')
    await certsFine('issue', 'laptop', '--agent')
    const stdout = await certsFine('show', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      authority: { dir: usual(), daysLeft: 3650 },
      revocationList: { number: '2', revoked: [] },
      certificates: [{ name: 'laptop', kind: 'agent', revokedAt: null, fault: null }],
    })
    expect(stdout).not.toContain('PRIVATE')
  })

  test('renews with a new key, for as long as before unless told otherwise', async () => {
    await certsFine('init')
    await certsFine('issue', 'laptop', '--agent', '--days', '40', '--san', 'laptop.example.com')
    const files = ['cert.pem', 'key.pem'].map((file) => `${usual()}/issued/laptop/${file}`)
    const before = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    expect(await certsFine('renew', 'laptop')).toContain(
      `until ${inDays(40)} (40 days).\nThe one before works until ${inDays(40)}; hand this one over until then:\n`,
    )
    const after = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    expect(after[0]).not.toBe(before[0])
    expect(after[1]).not.toBe(before[1])
    expect(await certsFine('show', 'laptop')).toContain('names     laptop, laptop.example.com\n')
    expect(await readdir(`${usual()}/issued/laptop`)).toEqual(['cert.pem', 'key.pem'])
    expect(await certsFine('renew', 'laptop', '--days', '7')).toContain('(7 days)')
  })

  test('never prints a private key', async () => {
    const said = [await certsFine('init')]
    for (const args of [['issue', 'a', '--agent'], ['renew', 'a'], ['show', 'a'], ['crl'], ['revoke', 'a']])
      said.push(await certsFine(...args))
    const keys = [`${usual()}/ca.key`, `${usual()}/issued/a/key.pem`]
    for (const key of keys) {
      const [, line = ''] = (await readFile(key, 'utf8')).split('\n')
      expect(line.length).toBeGreaterThan(40)
      expect(said.join('\n')).not.toContain(line)
    }
  })
})

describe('sovereign certs says what is wrong and what to do about it', () => {
  test.each([
    [
      ['show'],
      /^There is no certificate authority in .+\/certs\.\nMake one with "npx sovereign certs init", or say/,
    ],
    [['issue', 'x', '--agent'], /^There is no certificate authority in .+\n/],
  ])('where there is no authority: %j', async (args, words) => {
    const { code, stderr, stdout } = await certs(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(words)
    expect(await readdir(home)).toEqual([])
  })

  test('where a name is taken, unknown, revoked or none, or the purpose is not said', async () => {
    await certsFine('init')
    await certsFine('issue', 'laptop', '--agent')
    await certsFine('issue', 'gone', '--agent')
    await certsFine('revoke', 'gone')
    const cases: readonly (readonly [string[], string])[] = [
      [['init'], 'has an authority already.'],
      [['issue', 'laptop', '--agent'], 'laptop already has a certificate as an agent, valid until'],
      [['issue', 'laptop', '--server'], 'laptop already has a certificate as an agent, valid until'],
      [['issue', 'other', '--agent', '--san', 'laptop'], 'laptop is a name of the agent laptop.'],
      [
        ['issue', 'other', '--agent', '--san', 'sovereign://agent/laptop'],
        'is an identity, and those cannot be',
      ],
      [['issue', '../evil', '--agent'], '"../evil" cannot be the name of a certificate.'],
      [['issue', 'x'], 'It was not said who it is for.'],
      [['issue', 'x', '--agent', '--server'], 'for an agent or for a server, not for both.'],
      [['issue', '--agent'], 'The agent has no name.'],
      [['issue', 'x', '--agent', '--days', '0'], 'A certificate is for 1 to 825 days.'],
      [['issue', 'x', '--agent', '--days', '1.5'], 'A certificate is for 1 to 825 days.'],
      [['renew', 'x'], 'No certificate was issued to "x".\nThere are gone, laptop.'],
      [['revoke', 'x'], 'No certificate was issued to "x".\nThere are gone, laptop.'],
      [['show', 'x'], 'No certificate was issued to "x".\nThere are gone, laptop.'],
      [['renew', 'gone'], 'gone was revoked on'],
      [['export', 'gone', '--to', join(home, 'out')], 'gone was revoked on'],
    ]
    for (const [args, words] of cases) {
      const { code, stderr, stdout } = await certs(...args)
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' })
      expect(stderr).toContain(words)
      expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
    }
  })

  test('where files of one agent would replace those of another', async () => {
    await certsFine('init')
    await certsFine('issue', 'a', '--agent')
    await certsFine('issue', 'b', '--agent')
    const to = join(home, 'out')
    await certsFine('export', 'a', '--to', to)
    await certsFine('renew', 'a')
    await certsFine('export', 'a', '--to', to)
    const { code, stderr } = await certs('export', 'b', '--to', to)
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `${to}/cert.pem belongs to a.\nName another folder with --to.\n`,
    })
    expect((await openssl('x509', '-in', `${to}/cert.pem`, '-noout', '-subject')).text).toContain('CN = a')
  })
})
