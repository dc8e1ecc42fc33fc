import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { expiryWarning, readCertificateFacts } from '../../../../src/node/pki/expiry.ts'
import { makeOwnCerts, makeTemporary } from '../../../support/make-certs.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const DAY_MS = 86_400_000

describe('the facts of a certificate file', () => {
  test('are who it is for, what for and how long', async () => {
    const certs = await makeOwnCerts(onTestFinished, NOW)
    const { cert } = await certs.issue('laptop', { extraNames: ['192.0.2.7'] })
    expect(await readCertificateFacts(cert, NOW)).toEqual({
      commonName: 'laptop',
      names: [
        { type: 'uri', value: 'sovereign://agent/laptop' },
        { type: 'dns', value: 'laptop' },
        { type: 'ip', value: '192.0.2.7' },
      ],
      notBefore: NOW - 3_600_000,
      notAfter: NOW + 90 * DAY_MS,
      daysLeft: 90,
      state: 'valid',
      fingerprint: expect.stringMatching(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      serial: expect.stringMatching(/^[0-9A-F]{32}$/),
      isAuthority: false,
      forServers: false,
      forClients: true,
    })
    expect(await readCertificateFacts(certs.ca, NOW)).toMatchObject({ isAuthority: true, daysLeft: 3650 })
  })

  test.each([
    [-1, 'not-yet', 'It is not valid before 2026-11-21.'],
    [0, 'valid', undefined],
    [59.9, 'valid', undefined],
    [60.1, 'ends-soon', 'It ends in 30 days, on 2027-02-19.'],
    [89, 'ends-soon', 'It ends in 1 day, on 2027-02-19.'],
    [89.9, 'ends-soon', 'It ends within a day, on 2027-02-19.'],
    [90.1, 'expired', 'It expired on 2027-02-19.'],
  ] as const)('after %d of its 90 days: %s', async (days, state, warning) => {
    const { issue } = await makeOwnCerts(onTestFinished, NOW)
    const { cert } = await issue('laptop')
    const facts = await readCertificateFacts(cert, NOW + days * DAY_MS)
    expect(facts.state).toBe(state)
    expect(expiryWarning('It', facts)).toBe(warning)
  })

  test.each([
    ['missing.pem', 'does not exist'],
    ['folder', 'is a folder and no file'],
    ['key.pem', 'holds no certificate in PEM form'],
    ['empty.pem', 'holds no certificate in PEM form'],
  ])('of %s: it %s', async (file, what) => {
    const dir = await makeTemporary(onTestFinished)
    await mkdir(join(dir, 'folder'))
    await writeFile(join(dir, 'empty.pem'), '')
    await writeFile(join(dir, 'key.pem'), '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')
    await expect(readCertificateFacts(join(dir, file), NOW)).rejects.toMatchObject({
      code: 'certs.invalid',
      message: `${join(dir, file)} ${what}.`,
    })
  })
})
