import { once } from 'node:events'
import { copyFile, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { renewCertificate } from '../../../src/node/pki/issue.ts'
import { DEFAULT_SERVER_NAME, readIdentity, subjectNames } from '../../../src/node/pki/names.ts'
import { revokeName } from '../../../src/node/pki/revoke.ts'
import { makeOwnCerts, type OwnCerts } from '../../support/make-certs.ts'

interface Pair {
  readonly cert: string
  readonly key: string
}

/**
 * A real server for TLS 1.3 that wants a certificate of the authority, and greets whoever has one by its identity. One
 * that explains shakes every hand to say what is wrong with it; the other does as servers do, and just hangs up.
 */
async function startServer(certs: OwnCerts, pair: Pair, { explains = true } = {}): Promise<number> {
  const server = createServer({
    ...{ minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: !explains },
    ca: await readFile(certs.ca),
    crl: await readFile(certs.crl),
    cert: await readFile(pair.cert),
    key: await readFile(pair.key),
  })
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined)
    const identity = readIdentity(subjectNames(socket.getPeerX509Certificate()?.subjectAltName))
    if (socket.authorized) socket.end(`hello ${identity?.kind} ${identity?.name}`)
    else socket.end(String(socket.authorizationError))
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** What the server said, or what the handshake failed with on this side. */
async function shakeHands(certs: OwnCerts, port: number, pair: Pair | undefined): Promise<string> {
  const own = pair === undefined ? {} : { cert: await readFile(pair.cert), key: await readFile(pair.key) }
  const socket: TLSSocket = connect({
    ...{ host: '127.0.0.1', port, servername: DEFAULT_SERVER_NAME, minVersion: 'TLSv1.3' },
    ca: await readFile(certs.ca),
    crl: await readFile(certs.crl),
    ...own,
  })
  try {
    let said = ''
    for await (const chunk of socket) said += String(chunk)
    return said
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

describe('in a TLS 1.3 handshake of both sides', () => {
  test('an agent and a server of one authority know each other by name', async () => {
    const certs = await makeOwnCerts(onTestFinished)
    const port = await startServer(certs, await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' }))
    expect(await shakeHands(certs, port, await certs.issue('laptop'))).toBe('hello agent laptop')
  })

  test('an agent that was revoked is refused, and another is not', async () => {
    const certs = await makeOwnCerts(onTestFinished)
    const server = await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' })
    const [lost, kept] = [await certs.issue('lost'), await certs.issue('kept')]
    const before = await startServer(certs, server)
    expect(await shakeHands(certs, before, lost)).toBe('hello agent lost')
    await revokeName(certs.dir, 'lost', Date.now())
    const after = await startServer(certs, server)
    expect(await shakeHands(certs, after, lost)).toBe('CERT_REVOKED')
    expect(await shakeHands(certs, after, kept)).toBe('hello agent kept')
    const strict = await startServer(certs, server, { explains: false })
    expect(await shakeHands(certs, strict, lost)).not.toContain('hello')
    expect(await shakeHands(certs, strict, kept)).toBe('hello agent kept')
  })

  test('also the certificate before a renewal is refused once the name is revoked', async () => {
    const certs = await makeOwnCerts(onTestFinished)
    const server = await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' })
    const files = await certs.issue('lost')
    const old = { cert: `${certs.dir}/old.pem`, key: `${certs.dir}/old.key` }
    await copyFile(files.cert, old.cert)
    await copyFile(files.key, old.key)
    await renewCertificate(certs.dir, { name: 'lost', days: undefined }, Date.now())
    const between = await startServer(certs, server)
    expect(await shakeHands(certs, between, old)).toBe('hello agent lost')
    expect(await shakeHands(certs, between, files)).toBe('hello agent lost')
    expect(await revokeName(certs.dir, 'lost', Date.now())).toMatchObject({ count: 2 })
    const after = await startServer(certs, server)
    for (const pair of [old, files]) expect(await shakeHands(certs, after, pair)).toBe('CERT_REVOKED')
  })

  test('a name that was revoked and issued anew is let in with the new certificate', async () => {
    const certs = await makeOwnCerts(onTestFinished)
    const server = await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' })
    await certs.issue('laptop')
    await revokeName(certs.dir, 'laptop', Date.now())
    const files = await certs.issue('laptop')
    expect(await shakeHands(certs, await startServer(certs, server), files)).toBe('hello agent laptop')
  })

  test('the certificate of an agent does not make a server', async () => {
    const certs = await makeOwnCerts(onTestFinished)
    const agent = await certs.issue('laptop', { extraNames: [DEFAULT_SERVER_NAME] })
    expect(await shakeHands(certs, await startServer(certs, agent), agent)).toBe('INVALID_PURPOSE')
  })

  test('the certificate of a server does not make an agent', async () => {
    const certs = await makeOwnCerts(onTestFinished)
    const server = await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' })
    expect(await shakeHands(certs, await startServer(certs, server), server)).toBe('INVALID_PURPOSE')
  })

  test('nobody gets in without a certificate or with one of another authority', async () => {
    const [certs, others] = [await makeOwnCerts(onTestFinished), await makeOwnCerts(onTestFinished)]
    const port = await startServer(certs, await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' }))
    expect(await shakeHands(certs, port, undefined)).toBe('UNABLE_TO_GET_ISSUER_CERT')
    expect(await shakeHands(certs, port, await others.issue('laptop'))).toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    )
  })

  test('a server under another name is not the one that was meant', async () => {
    const certs = await makeOwnCerts(onTestFinished)
    const port = await startServer(certs, await certs.issue('elsewhere', { kind: 'server' }))
    expect(await shakeHands(certs, port, await certs.issue('laptop'))).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  test('the clocks of the two machines may differ by most of an hour', async () => {
    const ahead = Date.now() + 50 * 60_000
    const certs = await makeOwnCerts(onTestFinished, ahead)
    const port = await startServer(certs, await certs.issue(DEFAULT_SERVER_NAME, { kind: 'server' }))
    expect(await shakeHands(certs, port, await certs.issue('laptop'))).toBe('hello agent laptop')
  })
})
