import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SCHEMA_FILE, schemaText } from '../../../../scripts/settings-schema.ts'
import { nearMiss } from '../../../../src/shared/settings/near-miss.ts'
import { readSettings } from '../../../../src/shared/settings/read-settings.ts'

test('docs/settings.schema.json is what scripts/settings-schema.ts writes', () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(schemaText())
})

test('whatever a file holds, reading it gives settings or mistakes in words', () => {
  const key = fc.constantFrom(
    'version',
    'profiles',
    'relay',
    'clients',
    'agent',
    'ssh',
    'name',
    'listen',
    'zzz',
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(null, true, 0, 1, -1, 1.5, '', 'a', '127.0.0.1:1'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      const reading = readSettings(value)
      if (reading.kind !== 'mistakes') return
      expect(reading.mistakes.length).toBeGreaterThan(0)
      for (const { text } of reading.mistakes)
        expect(text).not.toMatch(/Invalid input|undefined|Too (?:small|big)/)
    }),
    { numRuns: 500 },
  )
})

test('settings that were read are read again as the same', () => {
  const first = readSettings({ clients: [{ name: 'a', ssh: 'a' }], relay: { ssh: { host: 'pi' } } })
  if (first.kind !== 'settings') throw new Error('These settings are right.')
  expect(readSettings(JSON.parse(JSON.stringify(first.settings)))).toMatchObject({ settings: first.settings })
})

test.each([
  ['lsiten', 'listen'],
  ['LISTEN', 'listen'],
  ['agnet', 'agent'],
  ['elephant', undefined],
  ['x', undefined],
])('%s is probably meant as %s', (word, meant) => {
  expect(nearMiss(word, ['listen', 'agent', 'name', 'enabled'])).toBe(meant)
})

test.each([
  [{ url: 'http://pi', ca: '/ca.pem' }, 'ca', 'is for a URL that begins with https://'],
  [{ url: 'https://pi', ca: 'ca.pem' }, 'ca', 'use an absolute path, or one that begins with ~/'],
  [{ url: 'https://pi', cert: '/a.pem' }, 'cert', 'needs "key" beside it'],
  [{ url: 'https://pi', key: '~/a.key' }, 'key', 'needs "cert" beside it'],
])('the way to a relay %j has a mistake at %s', (relay, key, text) => {
  expect(readSettings({ relay })).toMatchObject({ mistakes: [{ path: ['relay', key], text }] })
})

test.each([
  [{ url: 'http://tower' }, 'url', /needs a port: without one it means port 80/],
  [{ url: 'http://me:secret@tower:11434' }, 'url', /must not hold a password/],
  [{ url: 'http://tower:11434', via: 'tower' }, 'offer', /that this machine reaches, without "via"/],
])('an Ollama %j that is offered to clients has a mistake at %s', (ollama, key, text) => {
  expect(readSettings({ ollama: { ...ollama, offer: true } })).toMatchObject({
    mistakes: [{ path: ['ollama', key], text: expect.stringMatching(text) as string }],
  })
})
