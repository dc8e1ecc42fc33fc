import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DEFAULT_SERVER_NAME } from '../../../src/node/pki/names.ts'
import { renewRevocationList, revokeName } from '../../../src/node/pki/revoke.ts'
import { makeOwnCerts, openssl } from '../../support/make-certs.ts'

const DAY_MS = 86_400_000

describe('openssl finds', () => {
  test('an authority for ten years that may sign leaves and lists and nothing else', async () => {
    const { ca } = await makeOwnCerts(onTestFinished)
    const { text } = await openssl('x509', '-in', ca, '-noout', '-text')
    expect(text).toMatch(/Subject: CN = Sovereign Bridge CA [0-9a-f]{6}\n/)
    expect(text).toMatch(/Basic Constraints: critical\n\s+CA:TRUE, pathlen:0\n/)
    expect(text).toMatch(/Key Usage: critical\n\s+Certificate Sign, CRL Sign\n/)
    expect(text).toContain('ASN1 OID: prime256v1')
    const year = 365 * 24 * 3600
    expect((await openssl('x509', '-in', ca, '-noout', '-checkend', String(9.9 * year))).code).toBe(0)
    expect((await openssl('x509', '-in', ca, '-noout', '-checkend', String(10 * year + 60))).code).toBe(1)
    expect((await openssl('verify', '-x509_strict', '-CAfile', ca, ca)).text).toContain('OK')
  })

  test('the certificate of an agent good for clients and for nothing else', async () => {
    const { ca, issue } = await makeOwnCerts(onTestFinished)
    const { cert } = await issue('laptop', { extraNames: ['192.0.2.7', '2001:db8::7', 'laptop.example.com'] })
    const { text } = await openssl('x509', '-in', cert, '-noout', '-text')
    expect(text).toContain('Subject: CN = laptop\n')
    expect(text).toMatch(/Basic Constraints: critical\n\s+CA:FALSE\n/)
    expect(text).toMatch(/[^d] Key Usage: critical\n\s+Digital Signature\n/)
    expect(text).toMatch(/Extended Key Usage: *\n\s+TLS Web Client Authentication\n/)
    expect(text).toContain(
      'URI:sovereign://agent/laptop, DNS:laptop, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7, DNS:laptop.example.com',
    )
    const verify = (purpose: string) =>
      openssl('verify', '-x509_strict', '-CAfile', ca, '-purpose', purpose, cert)
    expect((await verify('sslclient')).text).toContain('OK')
    expect((await verify('sslserver')).text).toContain('unsuitable certificate purpose')
  })

  test('the certificate of a server good for servers, under the name that agents expect', async () => {
    const { ca, issue } = await makeOwnCerts(onTestFinished)
    const { cert } = await issue(DEFAULT_SERVER_NAME, { kind: 'server' })
    const verify = (purpose: string) =>
      openssl(
        'verify',
        ...[
          '-x509_strict',
          '-CAfile',
          ca,
          '-verify_hostname',
          DEFAULT_SERVER_NAME,
          '-purpose',
          purpose,
          cert,
        ],
      )
    expect((await verify('sslserver')).text).toContain('OK')
    expect((await verify('sslclient')).text).toContain('unsuitable certificate purpose')
  })

  test('the key that belongs to the certificate, and files that nobody else can read', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    const { cert, key } = await issue('laptop')
    const [ofCert, ofKey] = await Promise.all([
      openssl('x509', '-in', cert, '-noout', '-pubkey'),
      openssl('pkey', '-in', key, '-pubout'),
    ])
    expect(ofCert.text).toBe(ofKey.text)
    const entries = await readdir(dir, { recursive: true, withFileTypes: true })
    const modes = await Promise.all(
      entries.map(async (entry) => [
        entry.isDirectory(),
        (await stat(join(entry.parentPath, entry.name))).mode & 0o777,
      ]),
    )
    expect(modes.length).toBeGreaterThan(7)
    expect(modes.filter(([isFolder, mode]) => mode !== (isFolder ? 0o700 : 0o600))).toEqual([])
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
  })

  test('a certificate refused that is on the list, and one that is not let in', async () => {
    const { ca, crl, dir, issue } = await makeOwnCerts(onTestFinished)
    const [good, bad] = [await issue('good'), await issue('bad')]
    await revokeName(dir, 'bad', Date.now())
    const verify = (cert: string) => openssl('verify', '-CAfile', ca, '-CRLfile', crl, '-crl_check_all', cert)
    expect((await verify(good.cert)).text).toContain('OK')
    expect((await verify(bad.cert)).text).toContain('certificate revoked')
  })

  test('a list with a number that grows, a signature of the authority, and an end', async () => {
    const now = Date.now()
    const { ca, crl, dir, issue } = await makeOwnCerts(onTestFinished, now)
    const { cert } = await issue('laptop')
    const before = await openssl('crl', '-in', crl, '-noout', '-crlnumber')
    await revokeName(dir, 'laptop', now)
    const { text } = await openssl('crl', '-in', crl, '-noout', '-text', '-CAfile', ca)
    const { text: after } = await openssl('crl', '-in', crl, '-noout', '-crlnumber')
    expect([before.text, after]).toEqual(['crlNumber=0x02\n', 'crlNumber=0x03\n'])
    expect(text).toContain('verify OK')
    const { text: serial } = await openssl('x509', '-in', cert, '-noout', '-serial')
    expect(text).toContain(`Serial Number: ${serial.trim().replace('serial=', '')}`)
    const end = Date.parse(/Next Update: (.+)/.exec(text)?.[1] ?? '')
    expect(end - now).toBeGreaterThan(119 * DAY_MS)
  })

  test('a number above 127 in the list, which takes a second byte', async () => {
    const { crl, dir } = await makeOwnCerts(onTestFinished)
    for (let at = 0; at < 128; at++) await renewRevocationList(dir, Date.now())
    const { text } = await openssl('crl', '-in', crl, '-noout', '-crlnumber')
    expect(text).toBe('crlNumber=0x81\n')
  })
})

test('a list outlives the longest certificate that it is about', async () => {
  const now = Date.now()
  const { crl, issue } = await makeOwnCerts(onTestFinished, now)
  await issue('laptop', { days: 825 })
  const { text } = await openssl('crl', '-in', crl, '-noout', '-nextupdate')
  expect(Date.parse(text.replace('nextUpdate=', ''))).toBeGreaterThan(now + 825 * DAY_MS)
})

test('no certificate outlives its authority', async () => {
  const now = Date.now()
  const { issue } = await makeOwnCerts(onTestFinished, now)
  const { cert } = await issue('late', { days: 90 }, now + 3640 * DAY_MS)
  const { text } = await openssl('x509', '-in', cert, '-noout', '-enddate')
  expect(Date.parse(text.replace('notAfter=', ''))).toBeLessThan(now + 3650 * DAY_MS)
})
