import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { revokeName } from '../../../../src/node/pki/revoke.ts'
import { readTlsMaterial, revokedAt, SERVER_END } from '../../../../src/node/tunnel/tls-material.ts'
import { DAY_MS } from '../../../../src/shared/util/days.ts'
import { makeOwnCerts, openssl, readPem } from '../../../support/make-certs.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

test.skipIf(process.platform === 'win32')(
  'what is not a file is refused at once and not waited for',
  async () => {
    const dir = await makeTempDir('tls-material-')
    const pipe = join(dir, 'pipe')
    const folder = join(dir, 'folder')
    execFileSync('mkfifo', ['-m', '600', pipe])
    await mkdir(folder)
    for (const ca of [pipe, folder])
      await expect(readTlsMaterial({ ca, cert: 'unread', key: 'unread' }, 0)).rejects.toMatchObject({
        code: 'certs.invalid',
        message: `${ca} is not a file.`,
      })
  },
)

test('the key of another certificate is refused with what to do about it', async () => {
  const { ca, issue } = await makeOwnCerts(onTestFinished)
  const [{ cert }, { key }] = [await issue('laptop'), await issue('desk')]
  await expect(readTlsMaterial({ ca, cert, key }, Date.now())).rejects.toMatchObject({
    code: 'certs.invalid',
    message: `${key} is not the key of ${cert}.`,
    remedy: 'Name the certificate and the key that came together, as "sovereign certs export" writes them.',
  })
})

test('the list of another authority is refused, and one of several authorities is enough', async () => {
  const [own, other] = [await makeOwnCerts(onTestFinished), await makeOwnCerts(onTestFinished)]
  const pair = await own.issue('tunnel', { kind: 'server' })
  await expect(
    readTlsMaterial({ ca: own.ca, ...pair, crl: other.crl }, Date.now(), SERVER_END),
  ).rejects.toMatchObject({
    code: 'certs.invalid',
    message: `${other.crl}: this revocation list is not of the authority ca_cert_file.`,
  })
  await expect(readTlsMaterial({ ca: own.ca, ...pair, crl: other.crl }, Date.now())).rejects.toMatchObject({
    message: expect.stringMatching(/is not of the authority ca\.$/) as string,
  })
  const both = join(own.dir, 'both.pem')
  await writeFile(both, (await readPem(other.ca)) + (await readPem(own.ca)))
  const { trust } = await readTlsMaterial({ ca: both, ...pair, crl: own.crl }, Date.now(), SERVER_END)
  expect(trust.lists.map(({ revoked }) => revoked)).toEqual([[]])
})

test('of several lists in one file each has to be of an authority, and the first that ends counts', async () => {
  const [own, other] = [
    await makeOwnCerts(onTestFinished),
    await makeOwnCerts(onTestFinished, Date.now() - 7 * DAY_MS),
  ]
  const pair = await own.issue('laptop')
  const [ca, crl] = [join(own.dir, 'both.pem'), join(own.dir, 'both.crl')]
  await writeFile(ca, (await readPem(own.ca)) + (await readPem(other.ca)))
  await writeFile(crl, (await readPem(own.crl)) + (await readPem(other.crl)))
  const { trust, listExpiresAt } = await readTlsMaterial({ ca, ...pair, crl }, Date.now())
  expect(trust.lists).toHaveLength(2)
  const [first, second] = trust.lists.map(({ nextUpdate }) => nextUpdate)
  expect(second).toBeLessThan(first ?? 0)
  expect(listExpiresAt).toBe(second)
  await expect(readTlsMaterial({ ca: own.ca, ...pair, crl }, Date.now())).rejects.toMatchObject({
    message: `${crl}: this revocation list is not of the authority ca.`,
  })
  // A list that is left out unseen would keep everybody of its authority out.
  await writeFile(crl, (await readPem(own.crl)) + (await readPem(other.crl)).slice(0, -60))
  await expect(readTlsMaterial({ ca, ...pair, crl }, Date.now())).rejects.toMatchObject({
    code: 'certs.invalid',
    message: expect.stringContaining(crl) as string,
  })
})

test('a number that another authority has revoked concerns nobody', async () => {
  const [own, other] = [await makeOwnCerts(onTestFinished), await makeOwnCerts(onTestFinished)]
  const pair = await own.issue('laptop')
  const { trust } = await readTlsMaterial({ ca: own.ca, ...pair, crl: own.crl }, Date.now())
  const certificate = new X509Certificate(await readPem(pair.cert))
  const revoked = [{ serial: certificate.serialNumber, at: 1 }]
  const lists = trust.lists.map((list) => ({ ...list, revoked }))
  expect(revokedAt(certificate, lists)).toBe(1)
  const authority = new X509Certificate(await readPem(other.ca))
  expect(
    revokedAt(
      certificate,
      lists.map((list) => ({ ...list, authority })),
    ),
  ).toBeUndefined()
})

test('the list of an authority that another tool made is taken', async () => {
  const { dir } = await makeOwnCerts(onTestFinished)
  const at = (name: string) => join(dir, name)
  const subject = ['-subj', '/C=DE/O=Example, Inc/CN=Example CA']
  const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-days', '2']
  expect(await openssl(...make, '-keyout', at('rsa.key'), '-out', at('rsa.pem'))).toMatchObject({ code: 0 })
  await writeFile(at('index'), '')
  await writeFile(
    at('conf'),
    `[ca]\ndefault_ca = own\n[own]\ndatabase = ${at('index')}\ndefault_md = sha384\n`,
  )
  const sign = ['ca', '-config', at('conf'), '-gencrl', '-crldays', '2', '-cert', at('rsa.pem')]
  expect(await openssl(...sign, '-keyfile', at('rsa.key'), '-out', at('rsa.crl'))).toMatchObject({ code: 0 })
  const sources = { ca: at('rsa.pem'), cert: at('rsa.pem'), key: at('rsa.key'), crl: at('rsa.crl') }
  expect(await readTlsMaterial(sources, Date.now() + 5_000, SERVER_END)).toMatchObject({
    trust: { lists: [{ revoked: [] }] },
  })
})

test('a certificate that its own list revokes is refused with the day', async () => {
  const { ca, crl, dir, issue } = await makeOwnCerts(onTestFinished)
  const pair = await issue('tunnel', { kind: 'server' })
  const sources = { ca, ...pair, crl }
  await readTlsMaterial(sources, Date.now(), SERVER_END)
  await revokeName(dir, 'tunnel', Date.now())
  await expect(readTlsMaterial(sources, Date.now(), SERVER_END)).rejects.toMatchObject({
    code: 'certs.invalid',
    message: `The certificate ${pair.cert} was revoked on ${new Date().toISOString().slice(0, 10)}.`,
  })
})

test('a server does not begin with the certificate of an agent', async () => {
  const { ca, issue } = await makeOwnCerts(onTestFinished)
  const sources = { ca, ...(await issue('laptop')) }
  await expect(readTlsMaterial(sources, Date.now(), SERVER_END)).rejects.toMatchObject({
    code: 'certs.invalid',
    message: `The certificate ${sources.cert} is not for a server: every agent would refuse it.`,
  })
})
