import { expect, test } from 'vitest'
import {
  compareFingerprint,
  fingerprintParts,
  fingerprintsIn,
  showKeyCommand,
} from '../../../../../src/renderer/features/prompts/fingerprint-parts.ts'

const FINGERPRINT = 'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDgP1pUnZsGmB4pYkw'
const OTHER = 'SHA256:Kb0qgBc9pY3mA1r5ZtYx7uVw2nQeLsJdHfGiOoPpRrS'

test('a fingerprint is its hash and groups of four, which together are the whole', () => {
  const { hash, groups } = fingerprintParts(FINGERPRINT)
  expect(hash).toBe('SHA256:')
  expect(groups.slice(0, 2)).toEqual(['uNiV', 'ztks'])
  expect(hash + groups.join('')).toBe(FINGERPRINT)
})

test('what has no name of a hash is grouped all the same', () => {
  expect(fingerprintParts('abcdef')).toEqual({ hash: '', groups: ['abcd', 'ef'] })
  expect(fingerprintParts('')).toEqual({ hash: '', groups: [] })
})

test.each([
  `256 ${FINGERPRINT} root@pi (ED25519)`,
  FINGERPRINT,
  `  ${FINGERPRINT}=\n`,
  'uNiVztksCsDhcc0u9e8BrrJXVGDgP1pUnZsGmB4pYkw',
  'uNiV ztks CsDh cc0u 9e8B rrJX VGDg P1pU nZsG mB4p Ykw',
  `3072 ${OTHER} root@pi (RSA)\n256 ${FINGERPRINT} root@pi (ED25519)`,
])('%s is the same', (typed) => {
  expect(compareFingerprint(typed, FINGERPRINT)).toBe('same')
})

test.each([OTHER, FINGERPRINT.slice(0, -1), FINGERPRINT.toLowerCase(), 'yes', FINGERPRINT.slice(0, 12)])(
  '%s is different',
  (typed) => {
    expect(compareFingerprint(typed, FINGERPRINT)).toBe('different')
  },
)

test('nothing typed is neither', () => {
  expect(compareFingerprint('  ', FINGERPRINT)).toBe('none')
})

test('the fingerprints of a message are found in their order', () => {
  const message = `pi shows the key ssh-ed25519 ${FINGERPRINT}, but on record is ssh-rsa ${OTHER} (f line 4).`
  expect(fingerprintsIn(message)).toEqual([FINGERPRINT, OTHER])
})

test.each([
  ['ssh-ed25519', 'ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub'],
  ['ecdsa-sha2-nistp256', 'ssh-keygen -l -f /etc/ssh/ssh_host_ecdsa_key.pub'],
  ['rsa-sha2-512', 'ssh-keygen -l -f /etc/ssh/ssh_host_rsa_key.pub'],
])('a key of type %s is shown by %s', (type, command) => {
  expect(showKeyCommand(type)).toBe(command)
})

test('nothing that a host says becomes part of a command', () => {
  expect(showKeyCommand('x; rm -rf ~')).not.toContain('rm -rf')
})
