import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { certifiedKey, parsePublicKey } from '../../../../../src/main/ssh/auth/certificate.ts'
import { parsePrivateKey, publicHalf } from '../../../../../src/main/ssh/auth/private-key.ts'
import { packNumber, packString, WireReader } from '../../../../../src/main/ssh/auth/wire.ts'

describe('whatever a file holds', () => {
  const armours = ['OPENSSH PRIVATE KEY', 'RSA PRIVATE KEY', 'PRIVATE KEY', 'ENCRYPTED PRIVATE KEY']

  test('reading it as a key gives a verdict and never throws', () => {
    fc.assert(
      fc.property(fc.constantFrom(...armours), fc.uint8Array({ maxLength: 200 }), (armour, bytes) => {
        const body = Buffer.concat([Buffer.from('openssh-key-v1\0'), bytes]).toString('base64')
        const text = `-----BEGIN ${armour}-----\n${body}\n-----END ${armour}-----\n`
        expect(parsePrivateKey(text, 'passphrase').kind).toMatch(/^(unusable|wrong-passphrase)$/)
        publicHalf(text)
      }),
    )
  })

  test('reading it as a certificate or a public key never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.string(), (bytes, text) => {
        const type = packString('ssh-rsa-cert-v01@openssh.com')
        expect(certifiedKey(Buffer.from(bytes))).toBeUndefined()
        certifiedKey(Buffer.concat([type, bytes]))
        parsePublicKey(text)
        parsePublicKey(`ssh-rsa ${Buffer.from(bytes).toString('base64')}`)
      }),
    )
  })
})

test('kinds of keys that SSH does not use are named', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  expect(parsePrivateKey(pem)).toEqual({ kind: 'unusable', reason: expect.stringContaining('secp256k1') })
})

test('numbers are packed as RFC 4251 shows them', () => {
  const packed = (hex: string) => packNumber(Buffer.from(hex, 'hex')).toString('hex')
  expect(packed('')).toBe('00000000')
  expect(packed('00')).toBe('00000000')
  expect(packed('09a378f9b2e332a7')).toBe('0000000809a378f9b2e332a7')
  expect(packed('0080')).toBe('000000020080')
})

test('strings come back as they were packed', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (parts) => {
      const reader = new WireReader(Buffer.concat(parts.map((part) => packString(Buffer.from(part)))))
      expect(parts.map(() => [...reader.string()])).toEqual(parts.map((part) => [...part]))
    }),
  )
})
