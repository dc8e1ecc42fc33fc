import { once } from 'node:events'
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { exportFiles } from '../../../src/node/pki/export-files.ts'
import { issueCertificate, renewCertificate } from '../../../src/node/pki/issue.ts'
import { DEFAULT_SERVER_NAME } from '../../../src/node/pki/names.ts'
import { overviewOf, rowOfName, rowState } from '../../../src/node/pki/overview.ts'
import { makeRequestFiles, nameOfRequest, readRequest } from '../../../src/node/pki/request.ts'
import { renewRevocationList, revokeName } from '../../../src/node/pki/revoke.ts'
import { makeOwnCerts, makeTemporary, openssl } from '../../support/make-certs.ts'
import { runSovereign } from '../../support/sovereign-process.ts'

let machine: string
beforeEach(async () => {
  machine = await makeTemporary(onTestFinished)
})

/** On the machine of an agent, by our own command's function. */
const requestOf = (name: string, dir = machine) => makeRequestFiles(dir, { name, kind: 'agent' })

/** On the machine of an agent, by the real openssl; the name of the files. */
async function opensslRequest(name: string, ...more: readonly string[]): Promise<string> {
  const path = join(machine, name)
  const usual = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', `/O=Us/CN=${name}`]
  const { code, text } = await openssl(
    ...['req', '-new', '-nodes', '-keyout', `${path}.key`, '-out', `${path}.csr`],
    ...usual.slice(more.includes('-newkey') || more.includes('-key') ? 4 : 0),
    ...more,
  )
  expect({ code, text: code === 0 ? '' : text }).toEqual({ code: 0, text: '' })
  return `${path}.csr`
}

/** Where the authority is. */
async function issueOn(dir: string, path: string, kind: 'agent' | 'server' = 'agent') {
  const request = await readRequest(path)
  const wish = { name: nameOfRequest(request, undefined), kind, days: 90, extraNames: [], request }
  return issueCertificate(dir, wish, Date.now())
}

describe('a request made here', () => {
  test('is one that openssl verifies, with the names that the certificate will have, beside a private key', async () => {
    const { csr, key } = await requestOf('laptop')
    const { code, text } = await openssl('req', '-in', csr, '-noout', '-verify', '-text')
    expect(code).toBe(0)
    expect(text).toContain('Certificate request self-signature verify OK')
    expect(text).toContain('Subject: CN = laptop\n')
    expect(text).toContain('URI:sovereign://agent/laptop, DNS:laptop\n')
    const [inRequest, ofKey] = await Promise.all([
      openssl('req', '-in', csr, '-noout', '-pubkey'),
      openssl('pkey', '-in', key, '-pubout'),
    ])
    expect(inRequest.text).toBe(ofKey.text)
    expect((await stat(key)).mode & 0o777).toBe(0o600)
    expect(await readFile(csr, 'utf8')).not.toContain('PRIVATE')
    expect((await readdir(machine)).toSorted()).toEqual(['laptop.csr', 'laptop.key'])
  })

  test('leaves an earlier key or request of that name as it is', async () => {
    const { csr, key } = await requestOf('laptop')
    const before = await readFile(key, 'utf8')
    await expect(requestOf('laptop')).rejects.toMatchObject({
      code: 'certs.exists',
      message: `${key} is there already.`,
    })
    await rm(key)
    await expect(requestOf('laptop')).rejects.toMatchObject({ message: `${csr} is there already.` })
    expect(await readdir(machine)).toEqual(['laptop.csr'])
    await rm(csr)
    const all = await Promise.allSettled([requestOf('laptop'), requestOf('laptop'), requestOf('laptop')])
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await readFile(key, 'utf8')).not.toBe(before)
    const [inRequest, ofKey] = await Promise.all([
      openssl('req', '-in', csr, '-noout', '-pubkey'),
      openssl('pkey', '-in', key, '-pubout'),
    ])
    expect(inRequest.text).toBe(ofKey.text)
  })

  test('comes to a certificate that shakes hands with the key, which no folder of the authority holds', async () => {
    const certs = await makeOwnCerts(onTestFinished)
    const { csr, key } = await requestOf('laptop')
    await issueOn(certs.dir, csr)
    const server = await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' })
    const to = join(machine, 'back')
    await exportFiles(certs.dir, { name: 'laptop', to }, Date.now())
    expect((await readdir(to)).toSorted()).toEqual(['ca.pem', 'cert.pem', 'crl.pem'])
    expect(await greeting({ server, certs: to, key })).toBe('hello laptop')
    const secret = (await readFile(key, 'utf8')).split('\n')[1] ?? ''
    expect(secret.length).toBeGreaterThan(40)
    for (const entry of await readdir(certs.dir, { recursive: true, withFileTypes: true }))
      if (entry.isFile())
        expect(await readFile(join(entry.parentPath, entry.name), 'utf8')).not.toContain(secret)
  })
})

describe('a request made by openssl', () => {
  test.each([
    ['P-256', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['P-384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384']],
    ['P-521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521', '-sha512']],
    ['RSA', ['rsa:2048']],
    ['Ed25519', ['ed25519']],
  ])('with a key of the kind %s comes to a certificate that shakes hands', async (_kind, key) => {
    const certs = await makeOwnCerts(onTestFinished)
    const csr = await opensslRequest('laptop', '-newkey', ...key)
    const { files } = await issueOn(certs.dir, csr)
    const strict = ['-x509_strict', '-CAfile', certs.ca, '-purpose', 'sslclient', files.cert]
    expect((await openssl('verify', ...strict)).text).toContain('OK')
    const server = await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' })
    const to = join(machine, 'back')
    await exportFiles(certs.dir, { name: 'laptop', to }, Date.now())
    expect(await greeting({ server, certs: to, key: join(machine, 'laptop.key') })).toBe('hello laptop')
  })

  test('is taken as DER, and with the label of older versions', async () => {
    const { dir } = await makeOwnCerts(onTestFinished)
    const der = await opensslRequest('a', '-outform', 'DER')
    await issueOn(dir, der)
    const old = await opensslRequest('b', '-newhdr')
    expect(await readFile(old, 'utf8')).toContain('BEGIN NEW CERTIFICATE REQUEST')
    await issueOn(dir, old)
    expect((await overviewOf(dir, Date.now())).rows.map(rowState)).toEqual(['valid', 'valid'])
  })

  test('gets nothing of what it asks for but its name and key', async () => {
    const { dir } = await makeOwnCerts(onTestFinished)
    const wishes = [
      'basicConstraints=critical,CA:TRUE',
      'keyUsage=keyCertSign,cRLSign',
      'extendedKeyUsage=serverAuth,codeSigning',
      'subjectAltName=DNS:bank.example,URI:sovereign://agent/boss,IP:192.0.2.9',
      'tlsfeature=status_request',
    ]
    const csr = await opensslRequest('laptop', ...wishes.flatMap((wish) => ['-addext', wish]))
    const { files } = await issueOn(dir, csr)
    const { text } = await openssl('x509', '-in', files.cert, '-noout', '-text')
    expect(text).toContain('Subject: CN = laptop\n')
    expect(text).toMatch(/Basic Constraints: critical\n\s+CA:FALSE\n/)
    expect(text).toMatch(/[^d] Key Usage: critical\n\s+Digital Signature\n/)
    expect(text).toMatch(/Extended Key Usage: *\n\s+TLS Web Client Authentication\n/)
    expect(text).toMatch(/Alternative Name: *\n\s+URI:sovereign:\/\/agent\/laptop, DNS:laptop\n/)
    expect(text).not.toMatch(/bank|boss|status_request/)
  })
})

describe('refused is a request', () => {
  test.each([
    ['RSA of 1024 bits', ['rsa:1024'], 'is RSA with 1024 bits, which is too weak.'],
    [
      'RSA with 3',
      ['rsa:2048', '-pkeyopt', 'rsa_keygen_pubexp:3'],
      'with the exponent 3, which is too small.',
    ],
    [
      'a small curve',
      ['ec', '-pkeyopt', 'ec_paramgen_curve:P-224'],
      'is on a curve that is not taken here (secp224r1).',
    ],
    ['a curve of others', ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], 'not taken here (secp256k1).'],
    ['SHA-1', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-sha1'], 'laptop.csr is signed with SHA-1.'],
    ['Ed448', ['ed448'], 'is of a kind that is not taken here (ed448).'],
  ])('with %s', async (_what, key, words) => {
    const csr = await opensslRequest('laptop', '-newkey', ...key)
    const { code, message } = await failureOf(readRequest(csr))
    expect({ code, message }).toEqual({
      code: 'certs.request-invalid',
      message: expect.stringContaining(words),
    })
  })

  test('that names a key which did not sign it', async () => {
    const der = await readFile(await opensslRequest('laptop', '-outform', 'DER'))
    const last = der.length - 1
    der.writeUInt8(der.readUInt8(last) ^ 1, last)
    const path = join(machine, 'changed.csr')
    await writeFile(path, der)
    expect(await failureOf(readRequest(path))).toMatchObject({
      code: 'certs.invalid',
      message: `The signature of ${path} is not by the key that it names.`,
    })
    // Another name under a signature that was right.
    const renamed = Buffer.from(
      (await readFile(join(machine, 'laptop.csr'))).toString('latin1').replace('laptop', 'desktp'),
      'latin1',
    )
    await writeFile(path, renamed)
    expect(await failureOf(readRequest(path))).toMatchObject({ code: 'certs.invalid' })
  })

  test('that is none', async () => {
    const { ca } = await makeOwnCerts(onTestFinished)
    const { csr, key } = await requestOf('laptop')
    const [text, empty, large] = ['text', 'empty', 'large'].map((name) => join(machine, name))
    await writeFile(String(text), 'hello')
    await writeFile(String(empty), '')
    await writeFile(String(large), Buffer.alloc(1_000_000, '\n'))
    const half = join(machine, 'half.csr')
    await writeFile(half, (await readFile(csr, 'utf8')).slice(0, 200))
    const cases: readonly (readonly [string | undefined, string])[] = [
      [text, 'holds no certificate request.'],
      [empty, 'holds no certificate request.'],
      [ca, 'holds no certificate request.'],
      [half, 'holds no certificate request.'],
      [large, 'holds no certificate request: it is too large.'],
      [key, 'holds a private key, which belongs on its own machine alone.'],
      [join(machine, 'gone.csr'), 'does not exist.'],
      [machine, 'is a folder and no file.'],
    ]
    for (const [path, words] of cases)
      expect(await failureOf(readRequest(String(path)))).toMatchObject({
        code: 'certs.invalid',
        message: `${path} ${words}`,
      })
  })

  test('whose name no certificate can have, is none, is two, or is not the one given', async () => {
    const name = async (path: string, given?: string) => nameOfRequest(await readRequest(path), given)
    const odd = await opensslRequest('Laptop of Ann')
    expect(await failureOf(name(odd))).toMatchObject({
      code: 'certs.request-invalid',
      message: '"Laptop of Ann" cannot be the name of a certificate.',
      remedy: expect.stringContaining('such as "laptop-of-ann"'),
    })
    expect(await name(odd, 'laptop-of-ann')).toBe('laptop-of-ann')
    const evil = await opensslRequest('evil', '-subj', '/CN=..\\/..\\/evil')
    expect(await failureOf(name(evil))).toMatchObject({ code: 'certs.request-invalid' })
    for (const subject of ['/O=Us', '/CN=a/CN=b']) {
      const path = await opensslRequest('odd', '-subj', subject)
      expect(await failureOf(name(path))).toMatchObject({
        message: 'The request has no name, or more than one.',
      })
    }
    expect(await failureOf(name((await requestOf('laptop')).csr, 'phone'))).toMatchObject({
      message: 'The request is for laptop and not for phone.',
    })
  })

  test('for the other end of the tunnel', async () => {
    const { dir } = await makeOwnCerts(onTestFinished)
    const { csr } = await makeRequestFiles(machine, { name: 'home', kind: 'server' })
    expect(await failureOf(issueOn(dir, csr))).toMatchObject({
      message: 'The request is for a server, and the certificate would be for an agent.',
      remedy: expect.stringContaining('--server'),
    })
    expect((await issueOn(dir, csr, 'server')).identity).toBe('sovereign://server/home')
  })

  test('whose key is that of the authority, of another name, or of what was revoked', async () => {
    const { dir } = await makeOwnCerts(onTestFinished)
    const own = await opensslRequest('ca', '-key', join(dir, 'ca.key'))
    expect(await failureOf(issueOn(dir, own))).toMatchObject({
      message: 'The key of the request is that of the authority.',
    })
    const { csr, key } = await requestOf('laptop')
    await issueOn(dir, csr)
    const other = await opensslRequest('phone', '-key', key)
    expect(await failureOf(issueOn(dir, other))).toMatchObject({
      code: 'certs.exists',
      message: 'The key of the request is that of laptop.',
    })
    await revokeName(dir, 'laptop', Date.now())
    for (const path of [csr, other])
      expect(await failureOf(issueOn(dir, path))).toMatchObject({
        message: 'The key of the request is that of a revoked certificate of laptop.',
      })
    await issueOn(dir, (await requestOf('laptop', join(machine, 'new'))).csr)
  })
})

describe('a name with a certificate', () => {
  test('keeps it from the request of another key, until it is renewed with that', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    await issue('laptop')
    const { csr } = await requestOf('laptop')
    expect(await failureOf(issueOn(dir, csr))).toMatchObject({
      code: 'certs.exists',
      message: expect.stringContaining('laptop already has a certificate as an agent'),
      remedy: expect.stringContaining('"sovereign certs renew laptop --request FILE"'),
    })
    const request = await readRequest(csr)
    await renewCertificate(dir, { name: 'laptop', days: undefined, request }, Date.now())
    expect((await readdir(join(dir, 'issued/laptop'))).toSorted()).toEqual(['cert.pem', 'request.csr'])
    const row = rowOfName(await overviewOf(dir, Date.now()), 'laptop')
    expect({ state: rowState(row), isKeyElsewhere: row.isKeyElsewhere }).toEqual({
      state: 'valid',
      isKeyElsewhere: true,
    })
  })

  test('that was issued on a request is not renewed with a key from here, but issued anew once revoked', async () => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    await issueOn(dir, (await requestOf('laptop')).csr)
    expect(
      await failureOf(renewCertificate(dir, { name: 'laptop', days: undefined }, Date.now())),
    ).toMatchObject({ message: 'The key of laptop is not here but on its own machine.' })
    await revokeName(dir, 'laptop', Date.now())
    await issue('laptop')
    expect((await readdir(join(dir, 'issued/laptop'))).toSorted()).toEqual(['cert.pem', 'key.pem'])
    expect(rowState(rowOfName(await overviewOf(dir, Date.now()), 'laptop'))).toBe('valid')
  })
})

describe('a renewal by request that was cut short', () => {
  test.each([
    ['before anything was moved', []],
    ['after the key was removed', ['key.pem']],
    ['after the request was moved', ['key.pem', 'request.csr']],
    ['after the certificate was moved', ['key.pem', 'request.csr', 'cert.pem']],
  ])('%s is ended by the next command, and leaves no key of before', async (_when, done) => {
    const { dir, issue } = await makeOwnCerts(onTestFinished)
    const { files } = await issueOn(dir, (await requestOf('other')).csr)
    const { cert } = await issue('laptop')
    const folder = join(dir, 'issued/laptop')
    await mkdir(join(folder, 'next'))
    for (const name of ['request.csr', 'cert.pem']) {
      const to = done.includes(name) ? folder : join(folder, 'next')
      await copyFile(join(files.dir, name), join(to, name))
    }
    if (done.includes('key.pem')) await rm(join(folder, 'key.pem'))
    await renewRevocationList(dir, Date.now())
    expect((await readdir(folder)).toSorted()).toEqual(['cert.pem', 'request.csr'])
    expect(await readFile(cert, 'utf8')).toBe(await readFile(files.cert, 'utf8'))
  })
})

describe('sovereign certs', () => {
  test('leads from the machine of an agent to the authority and back', async () => {
    const { dir } = await makeOwnCerts(onTestFinished)
    const asked = await sovereign('certs', 'request', 'laptop', '--dir', machine)
    expect(asked).toEqual({
      code: 0,
      stderr: '',
      stdout: `${machine}/laptop.key is the private key of laptop: it stays on this machine, for this user alone.
${machine}/laptop.csr is the request for its certificate; nothing in it is secret.

Next, with laptop.csr on the machine of the authority: npx sovereign certs issue --request laptop.csr
`,
    })
    const carried = join(machine, 'carried')
    await copyFile(`${machine}/laptop.csr`, carried)
    const issued = await sovereign('certs', 'issue', '--request', carried, '--dir', dir)
    const day = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)
    expect(issued).toEqual({
      code: 0,
      stderr: '',
      stdout: `laptop has a certificate as an agent, until ${day} (90 days).
  identity  sovereign://agent/laptop
  files     cert.pem in ${dir}/issued/laptop; the key stays where the request was made

To have cert.pem, ca.pem and crl.pem in one folder, to bring back to the key: npx sovereign certs export laptop --to FOLDER --dir ${dir}
`,
    })
    const to = join(machine, 'back')
    const { stdout } = await sovereign('certs', 'export', 'laptop', '--to', to, '--dir', dir)
    expect(stdout).toContain(`What laptop needs beside its key is in ${to}: ca.pem, cert.pem and crl.pem.`)
    const shown = await sovereign('certs', 'show', 'laptop', '--json', '--dir', dir)
    expect(JSON.parse(shown.stdout)).toMatchObject({ state: 'valid', fault: null, files: { key: null } })
  })

  test('says what is missing', async () => {
    const { dir } = await makeOwnCerts(onTestFinished)
    const cases = [
      [['request'], 'The agent has no name.\nName it: "npx sovereign certs request laptop".\n'],
      [['request', '../x', '--dir', machine], '"../x" cannot be the name of a certificate.\n'],
      [['issue', '--request', `${machine}/none`, '--dir', dir], `${machine}/none does not exist.\n`],
    ] as const
    for (const [args, words] of cases) {
      const { code, stderr } = await sovereign('certs', ...args)
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(words) })
    }
    expect(await readdir(machine)).toEqual([])
  })
})

async function sovereign(...args: readonly string[]) {
  const command = runSovereign([...args], { HOME: machine, XDG_CONFIG_HOME: join(machine, 'config') })
  onTestFinished(async () => void (await command.stop('SIGKILL')))
  return { code: await command.finished, stdout: command.stdout(), stderr: command.stderr() }
}

async function failureOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  return work.then(
    (value) => ({ value }),
    (error: Record<string, unknown>) => error,
  )
}

/** What a TLS 1.3 server says to whoever shows that certificate; the name in it, as the server knows it. */
async function greeting(way: {
  readonly server: { readonly cert: string; readonly key: string }
  /** A folder as it is handed over. */
  readonly certs: string
  readonly key: string
}): Promise<string> {
  const ca = await readFile(join(way.certs, 'ca.pem'))
  const server = createServer({
    ...{ minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true, ca },
    crl: await readFile(join(way.certs, 'crl.pem')),
    cert: await readFile(way.server.cert),
    key: await readFile(way.server.key),
  })
  server.on('secureConnection', (socket) =>
    socket.end(`hello ${String(socket.getPeerCertificate().subject.CN)}`),
  )
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const socket = connect({
    ...{ host: '127.0.0.1', port, servername: DEFAULT_SERVER_NAME, ca },
    cert: await readFile(join(way.certs, 'cert.pem')),
    key: await readFile(way.key),
  })
  let said = ''
  for await (const chunk of socket) said += String(chunk)
  return said
}
