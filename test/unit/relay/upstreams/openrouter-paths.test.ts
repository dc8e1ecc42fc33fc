import { expect, test } from 'vitest'
import { isPathOpen } from '../../../../src/relay/upstreams/openrouter/openrouter-paths.ts'

const asClient = { isAdmin: false, allowed: undefined }

test.each([
  ['/api/v1/chat/completions', true],
  ['/api/v1/models', true],
  ['/api/v1/models/user', true],
  ['/api/v1/model/deepseek/deepseek-v3.2:free', true],
  ['/api/v1/key', false],
  ['/api/v1/auth/key', false],
  ['/api/v1/keys', false],
  ['/api/v1/modelsx', false],
  ['/api/v1/chat/completions%2f..%2fkey', false],
  ['/api/v1//key', false],
  ['/api/v1/models/../key', false],
  ['/api/v1/models\\..\\key', false],
  ['/api/v2/chat/completions', false],
])('a client may reach %s: %s', (path, expected) => {
  expect(isPathOpen(path, asClient)).toBe(expected)
})

test('the owner may read about the key', () => {
  expect(isPathOpen('/api/v1/key', { isAdmin: true, allowed: undefined })).toBe(true)
})

test('a configured list takes the place of the usual one', () => {
  const options = { isAdmin: false, allowed: ['/api/v1/models'] }
  expect([isPathOpen('/api/v1/models', options), isPathOpen('/api/v1/chat/completions', options)]).toEqual([
    true,
    false,
  ])
})
