import { expect, test } from 'vitest'
import {
  clockText,
  githubPage,
  openrouterPage,
} from '../../../../../src/renderer/features/sign-in/page-address.ts'

test.each([
  ['https://github.com/login/device', 'github.com'],
  ['https://acme.ghe.com/login/device', 'acme.ghe.com'],
])('%s is a page of GitHub', (address, host) => {
  expect(githubPage(address)).toEqual({ href: address, host })
})

test.each([
  'http://github.com/login/device',
  'https://github.com.evil.example/login/device',
  'https://evilgithub.com/login/device',
  'https://github.com:8443/login/device',
  'https://github.com@evil.example/login/device',
  'https://gìthub.com/login/device',
  'javascript:alert(1)',
  'github.com/login/device',
])('%s is none', (address) => {
  expect(githubPage(address)).toBeUndefined()
})

test('only OpenRouter itself is where its keys come from', () => {
  expect(openrouterPage('https://openrouter.ai/auth?code_challenge=x')?.host).toBe('openrouter.ai')
  expect(openrouterPage('https://openrouter.ai.evil.example/auth')).toBeUndefined()
})

test.each([
  [845_000, '14:05'],
  [844_001, '14:05'],
  [59_000, '0:59'],
  [-5, '0:00'],
])('%i ms show as %s', (ms, text) => {
  expect(clockText(ms)).toBe(text)
})
