import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { exportFiles } from '../../../src/node/pki/export-files.ts'
import { issueCertificate, renewCertificate } from '../../../src/node/pki/issue.ts'
import { makeAuthority } from '../../../src/node/pki/make-authority.ts'
import { overviewOf, rowOfName, rowState } from '../../../src/node/pki/overview.ts'
import { renewRevocationList, revokeName } from '../../../src/node/pki/revoke.ts'
import { makeOwnCerts, makeTemporary, openssl } from '../../support/make-certs.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('../../../bin/sovereign.js', import.meta.url))
const DAY_MS = 86_400_000
const AGENT = { kind: 'agent', days: 90, extraNames: [] } as const

describe('an authority that cannot sign says why', () => {
  test('where the key is one that others can read', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    await chmod(`${dir}/ca.key`, 0o640)
    await expect(issue('a')).rejects.toMatchObject({
      code: 'certs.invalid',
      message: `${dir}/ca.key can be read by other users (permissions 0640).`,
      remedy: `Run "chmod 600 ${dir}/ca.key".`,
    })
  })

  test('where the key has a passphrase', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    await openssl('pkey', '-in', `${dir}/ca.key`, '-aes256', '-passout', 'pass:x', '-out', `${dir}/locked`)
    await cp(`${dir}/locked`, `${dir}/ca.key`)
    await expect(issue('a')).rejects.toMatchObject({ message: `${dir}/ca.key is protected by a passphrase.` })
  })

  test.each([
    ['is not the key of ca.pem', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['is no ECDSA key on the curve P-256', ['genpkey', '-algorithm', 'ed25519']],
    [
      'is no ECDSA key on the curve P-256',
      ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    ],
  ])('where ca.key %s: %j', async (words, args) => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    await openssl(...args, '-out', `${dir}/ca.key`)
    await expect(issue('a')).rejects.toMatchObject({
      code: 'certs.invalid',
      message: expect.stringContaining(words.replace(' ca.pem', ` ${dir}/ca.pem`)),
    })
  })

  test.each([
    ['ca.key', 'nonsense', 'ca.key holds no private key in PEM form.'],
    ['ca.pem', 'nonsense', 'ca.pem holds no certificate in PEM form.'],
    ['ca.pem', 'missing', 'ca.pem does not exist.'],
    ['ca.key', 'missing', 'ca.key does not exist.'],
    ['record/0001.pem', 'nonsense', 'record/0001.pem holds no certificate in PEM form.'],
  ])('where %s is %s', async (file, content, words) => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    await issue('first')
    await rm(join(dir, file))
    if (content !== 'missing') await writeFile(join(dir, file), content, { mode: 0o600 })
    await expect(issue('a')).rejects.toMatchObject({ code: 'certs.invalid', message: `${dir}/${words}` })
  })

  test('where ca.pem is the certificate of an agent', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    await cp((await issue('a')).cert, `${dir}/ca.pem`)
    await expect(issue('b')).rejects.toMatchObject({
      message: `${dir}/ca.pem is no certificate of an authority.`,
    })
  })

  test('where it has ended', async () => {
    const now = Date.now()
    const { dir, issue } = await makeOwnCerts(onTestFinished, now)
    await expect(issue('a', {}, now + 3651 * DAY_MS)).rejects.toMatchObject({
      code: 'certs.expired',
      message: expect.stringMatching(/^The authority in .+ ended on \d{4}-\d\d-\d\d\.$/),
    })
    expect((await overviewOf(dir, now + 3651 * DAY_MS)).authority.facts.state).toBe('expired')
  })

  test('where the clock is before its beginning', async () => {
    const now = Date.now()
    const { issue } = await makeOwnCerts(onTestFinished, now)
    await expect(issue('a', {}, now - 2 * DAY_MS)).rejects.toMatchObject({
      code: 'certs.expired',
      message: expect.stringMatching(/^The authority in .+ is valid from .+, and the clock says .+\.$/),
      remedy: 'Set the clock of this machine.',
    })
  })
})

describe('what was cut short', () => {
  test('an init that got no further than the key is named and not written over', async () => {
    const dir = await makeTemporary(onTestFinished)
    await writeFile(`${dir}/ca.key`, 'a key', { mode: 0o600 })
    await expect(makeAuthority(dir, Date.now())).rejects.toMatchObject({
      code: 'certs.exists',
      message: `${dir} has the key of an authority (ca.key) and no certificate.`,
    })
    expect(await readFile(`${dir}/ca.key`, 'utf8')).toBe('a key')
  })

  test('a folder with other files is not made an authority of', async () => {
    const dir = await makeTemporary(onTestFinished)
    await writeFile(`${dir}/letter.txt`, '')
    await expect(makeAuthority(dir, Date.now())).rejects.toMatchObject({
      message: `${dir} is not empty: it has letter.txt.`,
    })
    expect(await readdir(dir)).toEqual(['letter.txt'])
  })

  test('a renewal whose new files are whole is ended by the next command', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    const a = await issue('a')
    const b = await issue('b')
    // As after the first of the two moves: the new key is in place, the new certificate is not.
    await mkdir(`${dir}/issued/a/next`)
    await cp(b.cert, `${dir}/issued/a/next/cert.pem`)
    await cp(b.key, a.key)
    const [row] = (await overviewOf(dir, Date.now())).rows
    expect(row === undefined ? '' : rowState(row)).toBe('BROKEN: its renewal was cut short')
    await renewRevocationList(dir, Date.now())
    expect(await readFile(a.cert, 'utf8')).toBe(await readFile(b.cert, 'utf8'))
    expect(await readdir(`${dir}/issued/a`)).toEqual(['cert.pem', 'key.pem'])
  })

  test('files that were begun and never got their name are swept away', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    await issue('a')
    await mkdir(`${dir}/issued/.b.1234`)
    await writeFile(`${dir}/issued/.b.1234/key.pem`, 'half')
    await renewRevocationList(dir, Date.now())
    expect(await readdir(`${dir}/issued`)).toEqual(['a'])
  })

  test('a renewal that is killed at any moment leaves a pair that belongs together after the next command', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    const { cert, key } = await issue('a')
    for (const changes of [1, 3, 5, 7, 9, 11, 13]) {
      await killedAfter(changes, dir, ['certs', 'renew', 'a', '--dir', dir])
      await renewRevocationList(dir, Date.now())
      const { text } = await openssl('x509', '-in', cert, '-noout', '-pubkey')
      expect((await openssl('pkey', '-in', key, '-pubout')).text).toBe(text)
      // A certificate that was signed and never put in place is made good by renewing again.
      await renewCertificate(dir, { name: 'a', days: undefined }, Date.now())
      expect(rowState(rowOfName(await overviewOf(dir, Date.now()), 'a'))).toBe('valid')
    }
  })

  test.each([
    ['cert.pem', 'cert.pem is missing'],
    ['key.pem', 'key.pem is missing'],
  ])(
    'a folder that lost its %s is shown as broken, not handed over, and mended by renewing',
    async (file, fault) => {
      const now = Date.now()
      const { dir, issue } = await makeOwnCerts(onTestFinished)
      await issue('a')
      await rm(`${dir}/issued/a/${file}`)
      expect(rowState(rowOfName(await overviewOf(dir, now), 'a'))).toBe(`BROKEN: ${fault}`)
      await expect(exportFiles(dir, { name: 'a', to: `${dir}/../out` }, now)).rejects.toMatchObject({
        message: `The files of a cannot be handed over: ${fault}.`,
        remedy: 'Make them anew with "sovereign certs renew a".',
      })
      await renewCertificate(dir, { name: 'a', days: undefined }, now)
      expect(rowState(rowOfName(await overviewOf(dir, now), 'a'))).toBe('valid')
    },
  )

  test('a name whose folder was deleted is still taken, and can be revoked', async () => {
    const { ca, crl, dir, issue } = await makeOwnCerts(onTestFinished)
    const { cert } = await issue('a')
    await cp(cert, `${dir}/copy.pem`)
    await rm(`${dir}/issued`, { recursive: true })
    await expect(issue('a')).rejects.toMatchObject({ code: 'certs.exists' })
    await revokeName(dir, 'a', Date.now())
    const { text } = await openssl('verify', '-CAfile', ca, '-CRLfile', crl, '-crl_check', `${dir}/copy.pem`)
    expect(text).toContain('certificate revoked')
  })

  test.each([['nonsense'], ['missing']])(
    'a list that is %s is made again, with a higher number',
    async (content) => {
      const { ca, crl, dir, issue } = await makeOwnCerts(onTestFinished)
      const { cert } = await issue('a')
      await revokeName(dir, 'a', Date.now())
      await rm(crl)
      if (content !== 'missing') await writeFile(crl, content)
      await expect(overviewOf(dir, Date.now())).rejects.toMatchObject({
        code: 'certs.invalid',
        remedy: 'Run "sovereign certs crl" to write it anew.',
      })
      const list = await renewRevocationList(dir, Date.now())
      expect(list.number).toBeGreaterThan(3n)
      const { text } = await openssl('verify', '-CAfile', ca, '-CRLfile', crl, '-crl_check', cert)
      expect(text).toContain('certificate revoked')
    },
  )
})

describe('several commands at once', () => {
  test('issue every name once and lose no revocation', async () => {
    const { dir } = await makeOwnCerts(onTestFinished)
    const now = Date.now()
    const names = ['a', 'b', 'c', 'd']
    const all = await Promise.allSettled(
      [...names, ...names].map((name) => issueCertificate(dir, { name, ...AGENT }, now)),
    )
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    await Promise.all(names.map((name) => revokeName(dir, name, now)))
    const { list } = await overviewOf(dir, now)
    expect(list.revoked).toHaveLength(4)
    expect(list.number).toBe(9n)
  })

  test.each(['before', 'after'])(
    'are not kept out by one that was killed %s it had signed the lock',
    async (when) => {
      const { dir, issue } = await makeOwnCerts(onTestFinished)
      const gone = spawn('true')
      await once(gone, 'exit')
      await writeFile(`${dir}/.lock`, when === 'after' ? String(gone.pid) : '')
      await issue('a')
      expect(await readdir(dir)).not.toContain('.lock')
    },
  )
})

const MAY_MOUNT = mayMount()

describe.runIf(MAY_MOUNT)('in a file system of its own', () => {
  test('that is read-only, nothing is changed and it is said', async () => {
    const { dir } = await makeOwnCerts(onTestFinished)
    const { code, text } = await inMount(dir, 'mount -o remount,ro /mnt', ['issue', 'a', '--agent'])
    expect({ code, text }).toEqual({
      code: 1,
      text: '/mnt cannot be written: the file system is read-only.\nMake room on the disk and the folder writable for this user, or name another folder with --dir.\n',
    })
    expect((await inMount(dir, 'mount -o remount,ro /mnt', ['show'])).code).toBe(0)
  })

  test.each([0, 1, 2, 3])(
    'that is full but for %d pages, nothing is lost and it works again when there is room',
    async (pages) => {
      const { dir, issue } = await makeOwnCerts(onTestFinished)
      await issue('first')
      const full = `cat /dev/zero > /mnt/record/fill 2>/dev/null; truncate -s -$((4096 * ${pages})) /mnt/record/fill`
      const issuing = ['issue', 'a', '--agent']
      const { code, text } = await inMount(dir, full, issuing)
      expect(code).toBe(1)
      expect(text).toMatch(/^\/mnt\S* cannot be written: the disk is full\.\nMake room/)
      const again = `${full}; "$@" 2>/dev/null; rm /mnt/record/fill; ls -A /mnt; ls -A /mnt/issued`
      const after = await inMount(dir, again, issuing)
      expect(after.text).not.toMatch(/\.lock|\.tmp/)
      expect(after.text).toMatch(/^first\na has a certificate as an agent/m)
    },
  )
})

/** Runs `sovereign certs` where /mnt is a small file system with a copy of the folder, after `before` was done to it. */
async function inMount(
  dir: string,
  before: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly text: string }> {
  const command = [process.execPath, PROGRAM, 'certs', ...args, '--dir', '/mnt']
  const script = `mount -t tmpfs -o size=256k,mode=700 tmpfs /mnt && cp -a "$DIR/." /mnt
${before}
exec "$@"`
  try {
    const { stdout, stderr } = await run('unshare', ['-m', 'sh', '-c', script, 'sh', ...command], {
      env: { ...process.env, DIR: dir },
    })
    return { code: 0, text: stdout + stderr }
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { code, text: stderr }
  }
}

function mayMount(): boolean {
  if (process.platform !== 'linux') return false
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Kills the command after so many changes in the folder; it may be done before. */
async function killedAfter(changes: number, dir: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'ignore' })
  let seen = 0
  const watcher = watch(dir, { recursive: true }, () => {
    seen++
    if (seen === changes) child.kill('SIGKILL')
  })
  await once(child, 'exit')
  watcher.close()
}
