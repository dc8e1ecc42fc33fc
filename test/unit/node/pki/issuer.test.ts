import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isSignedBy } from '../../../../src/node/pki/issuer.ts'
import { makeOwnCerts, makeTemporary, openssl } from '../../../support/make-certs.ts'

test('another authority of the same name has not signed it', async () => {
  const [ours, theirs] = [await makeOwnCerts(onTestFinished), await makeOwnCerts(onTestFinished)]
  const cert = await readFile((await ours.issue('laptop')).cert, 'utf8')
  const [own, other] = [await readFile(ours.ca, 'utf8'), await readFile(theirs.ca, 'utf8')]
  expect(isSignedBy(cert, own)).toBe(true)
  expect(isSignedBy(cert, other)).toBe(false)
  expect(isSignedBy(cert, `${other}\n${own}`)).toBe(true)
})

test('an authority in between counts where its certificate stands in the file', async () => {
  const dir = await makeTemporary(onTestFinished)
  const at = (name: string) => join(dir, name)
  const request = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await writeFile(at('ca.ext'), 'basicConstraints=critical,CA:TRUE\n')
  const root = ['-x509', '-subj', '/CN=root', '-keyout', at('root.key'), '-out', at('root.pem')]
  expect((await openssl(...request, ...root)).code).toBe(0)
  for (const [name, issuer] of [
    ['middle', 'root'],
    ['leaf', 'middle'],
  ] as const) {
    const own = ['-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)]
    expect((await openssl(...request, ...own)).code).toBe(0)
    const by = ['-CA', at(`${issuer}.pem`), '-CAkey', at(`${issuer}.key`), '-CAcreateserial']
    const files = ['-in', at(`${name}.csr`), '-extfile', at('ca.ext'), '-out', at(`${name}.pem`)]
    expect((await openssl('x509', '-req', ...by, ...files)).code).toBe(0)
  }
  const [rootPem, middle, leaf] = await Promise.all(
    ['root', 'middle', 'leaf'].map((name) => readFile(at(`${name}.pem`), 'utf8')),
  )
  expect(isSignedBy(`${leaf}${middle}`, `${rootPem}`)).toBe(true)
  expect(isSignedBy(`${leaf}`, `${rootPem}`)).toBe(false)
})

test('the signature counts where nothing else tells two authorities of the same name apart', async () => {
  const dir = await makeTemporary(onTestFinished)
  const at = (name: string) => join(dir, name)
  const request = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const noIds = ['-addext', 'subjectKeyIdentifier=none', '-addext', 'authorityKeyIdentifier=none']
  for (const name of ['own', 'other']) {
    const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)]
    expect((await openssl(...request, '-x509', '-subj', '/CN=root', ...noIds, ...files)).code).toBe(0)
  }
  await writeFile(at('ext'), 'subjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n')
  const asked = ['-subj', '/CN=leaf', '-keyout', at('leaf.key'), '-out', at('leaf.csr')]
  expect((await openssl(...request, ...asked)).code).toBe(0)
  const by = ['-CA', at('own.pem'), '-CAkey', at('own.key'), '-CAcreateserial', '-extfile', at('ext')]
  const signed = await openssl('x509', '-req', ...by, '-in', at('leaf.csr'), '-out', at('leaf.pem'))
  expect(signed.code).toBe(0)
  const leaf = await readFile(at('leaf.pem'), 'utf8')
  expect(isSignedBy(leaf, await readFile(at('own.pem'), 'utf8'))).toBe(true)
  expect(isSignedBy(leaf, await readFile(at('other.pem'), 'utf8'))).toBe(false)
})
