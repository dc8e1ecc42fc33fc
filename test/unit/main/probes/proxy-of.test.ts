import { expect, test } from 'vitest'
import { proxyFor } from '../../../../src/main/probes/ollama/proxy-of.ts'

const PROXY = 'http://user:secret@proxy.example:3128/'

test.each<[string, Readonly<Record<string, string>>, string | undefined]>([
  ['http://192.168.250.20:11434', {}, undefined],
  ['http://192.168.250.20:11434', { HTTP_PROXY: PROXY }, 'HTTP_PROXY'],
  ['http://192.168.250.20:11434', { http_proxy: PROXY }, 'http_proxy'],
  ['http://192.168.250.20:11434', { ALL_PROXY: PROXY }, 'ALL_PROXY'],
  ['http://192.168.250.20:11434', { HTTPS_PROXY: PROXY }, undefined],
  ['https://tower.lan', { HTTPS_PROXY: PROXY }, 'HTTPS_PROXY'],
  ['http://192.168.250.20:11434', { HTTP_PROXY: PROXY, NO_PROXY: '*' }, undefined],
  ['http://192.168.250.20:11434', { HTTP_PROXY: PROXY, NO_PROXY: 'localhost, 192.168.250.20' }, undefined],
  ['http://192.168.250.20:11434', { HTTP_PROXY: PROXY, no_proxy: '192.168.0.0/16' }, undefined],
  ['http://192.168.250.20:11434', { HTTP_PROXY: PROXY, NO_PROXY: '192.168.251.0/24' }, 'HTTP_PROXY'],
  ['http://192.168.250.20:11434', { HTTP_PROXY: PROXY, NO_PROXY: '192.168.250.20:11434' }, undefined],
  ['http://192.168.250.20:11434', { HTTP_PROXY: PROXY, NO_PROXY: '192.168.250.20:80' }, 'HTTP_PROXY'],
  ['http://tower.lan:11434', { HTTP_PROXY: PROXY, NO_PROXY: '.lan' }, undefined],
  ['http://tower.lan:11434', { HTTP_PROXY: PROXY, NO_PROXY: 'wer.lan' }, 'HTTP_PROXY'],
  ['http://[::1]:11434', { HTTP_PROXY: PROXY, NO_PROXY: '::1' }, undefined],
  ['http://127.0.0.1:11434', { HTTP_PROXY: PROXY, NO_PROXY: 'localhost' }, 'HTTP_PROXY'],
])('%s with %o goes by %s', (url, env, name) => {
  expect(proxyFor(new URL(url), env)?.name).toBe(name)
})

test('the password of a proxy is not told', () => {
  expect(proxyFor(new URL('http://tower:11434'), { HTTP_PROXY: PROXY })?.proxy).toBe('proxy.example:3128')
})
