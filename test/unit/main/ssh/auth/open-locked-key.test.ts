import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openLockedKey } from '../../../../../src/main/ssh/auth/open-locked-key.ts'
import { parsePrivateKey } from '../../../../../src/main/ssh/auth/private-key.ts'
import { makeKeyPair } from '../../../../support/make-keys.ts'
import { makeTempDir } from '../../../../support/make-temp-dir.ts'

async function keyText(args: readonly string[], passphrase = 'pässword'): Promise<string> {
  const dir = await makeTempDir('locked-key-')
  const { file } = await makeKeyPair(dir, 'key', args, passphrase)
  return readFile(file, 'utf8')
}

const ONE_ROUND = ['-t', 'ed25519', '-a', '1']

test.each([
  ['ed25519', ONE_ROUND],
  ['ecdsa', ['-t', 'ecdsa', '-a', '2']],
  ['rsa', ['-t', 'rsa', '-b', '2048', '-a', '3']],
  ['a short key for the cipher', [...ONE_ROUND, '-Z', 'aes128-cbc']],
  ['chained blocks', [...ONE_ROUND, '-Z', 'aes256-cbc']],
  ['a cipher that seals', [...ONE_ROUND, '-Z', 'aes256-gcm@openssh.com']],
  ['PEM', ['-t', 'ecdsa', '-m', 'PEM']],
])('%s: a locked key opens with its passphrase and with no other', async (_name, args) => {
  const text = await keyText(args)
  const opened = await openLockedKey(text, 'pässword')
  const expected = parsePrivateKey(text, 'pässword')
  if (opened.kind !== 'key' || expected.kind !== 'key') throw new Error(`${opened.kind}, ${expected.kind}`)
  expect(opened.key.blob).toEqual(expected.key.blob)
  expect(opened.key.sign(Buffer.from('x'), 'sha256').value.length).toBeGreaterThan(0)
  expect(await openLockedKey(text, 'password')).toEqual({ kind: 'wrong-passphrase' })
})

test('other work goes on while a key is opened', async () => {
  const text = await keyText(['-t', 'ed25519', '-a', '8'])
  let isOpen = false
  let turns = 0
  const count = () => {
    turns += 1
    if (!isOpen) setImmediate(count)
  }
  setImmediate(count)
  await openLockedKey(text, 'pässword')
  isOpen = true
  // One per round and block of output.
  expect(turns).toBeGreaterThanOrEqual(16)
})
