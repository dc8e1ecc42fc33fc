import { expect, test } from 'vitest'
import { resolveTls } from '../../../../src/relay/config/tls-settings.ts'

const CONFIG = { relay: { tls: { cert: 'tls/cert.pem', key: '/etc/key.pem' } } }

test('paths in config.json count from its folder', () => {
  expect(resolveTls(CONFIG, {}, '/home/me/relay/config.json')).toEqual({
    cert: '/home/me/relay/tls/cert.pem',
    key: '/etc/key.pem',
    clientCa: undefined,
  })
})

test('the environment wins over the file', () => {
  const env = { RELAY_TLS_CERT: '/env/cert.pem', RELAY_TLS_CLIENT_CA: '/env/ca.pem' }
  expect(resolveTls(CONFIG, env, '/c.json')).toEqual({
    cert: '/env/cert.pem',
    key: '/etc/key.pem',
    clientCa: '/env/ca.pem',
  })
})

test('without any of it the relay speaks plain HTTP', () => {
  expect(resolveTls({}, { RELAY_TLS_CERT: ' ' }, '/c.json')).toBeUndefined()
})

test.each([
  [{ RELAY_TLS_CERT: '/a' }, 'its key'],
  [{ RELAY_TLS_KEY: '/a' }, 'a certificate'],
  [{ RELAY_TLS_CLIENT_CA: '/a' }, 'a certificate and its key'],
])('%j is not enough', (env, missing) => {
  expect(() => resolveTls({}, env, '/c.json')).toThrow(`TLS lacks ${missing}.`)
})
