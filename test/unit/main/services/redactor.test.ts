import { describe, expect, test } from 'vitest'
import { Redactor } from '../../../../src/main/services/report/redactor.ts'

const make = () =>
  new Redactor({
    home: '/home/eve',
    users: ['eve', 'root'],
    hosts: ['pi', 'pi.lan', 'build.corp.example', '10.0.0.9'],
  })

const text = (input: string): string => make().text(input)

describe('secrets are taken out', () => {
  test.each([
    ['gho_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['ghu_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['github_pat_11ABCDEFG0abcdefghij_ABCDEFGHIJKLMNOP'],
    ['sk-or-v1-0123456789abcdef0123456789abcdef'],
    ['sk-proj-abcdEFGH1234'],
    ['sbc_AbCdEfGh12345678'],
    ['tid=0123456789abcdef;exp=1800000000'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
    ['Bearer abcdefghijkl'],
    ['0123456789abcdef0123456789abcdef01234567'],
    ['dGhpcyBpcyBhIHNlY3JldCBrZXkgMTIz/AbCdEfGhIjKlMnOpQrSt='],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIEcut off in the middle'],
  ])('%s', (secret) => {
    const found = text(`before ${secret} after`)
    for (const part of secret.split(/\s+/).filter((piece) => piece.length > 10 && !piece.includes('-----')))
      expect(found).not.toContain(part)
    expect(found).toMatch(/^before .*\[redacted\]/)
  })

  test('what stands behind a key that holds one goes, whatever it looks like', () => {
    expect(text('password: hunter2, passphrase=geheim "api_key":"x" cookie: a')).toBe(
      'password: [redacted], passphrase=[redacted] "api_key":"[redacted]" cookie: [redacted]',
    )
    expect(make().value({ password: 'hunter2', inner: [{ token: 'x', count: 3 }] })).toEqual({
      password: '[redacted]',
      inner: [{ token: '[redacted]', count: 3 }],
    })
  })

  test('credentials in a URL', () => {
    expect(text('http://eve:hunter2@build.corp.example:8080/x')).toBe('http://[redacted]@host-1:8080/x')
  })
})

describe('people and machines get other names, the same everywhere', () => {
  test('hosts, also those that nobody has told of', () => {
    expect(text('pi, PI and pi.lan; then db.other.example, and pi again, not api')).toBe(
      'host-2, host-2 and host-1; then host-3, and host-2 again, not api',
    )
  })

  test('users and the home folder', () => {
    expect(text('eve has /home/eve/.ssh/id_ed25519 and root@pi')).toBe(
      'user-2 has ~/.ssh/id_ed25519 and user-1@host-1',
    )
  })

  test('addresses of both kinds, but not loopback', () => {
    expect(text('192.0.2.7 and 10.0.0.9:22, [2001:db8::7]:22, fe80::1%eth0, again 192.0.2.7')).toBe(
      'ip-1 and ip-2:22, [ip-3]:22, ip-4, again ip-1',
    )
    expect(text('127.0.0.1:8080 [::1]:8080 0.0.0.0')).toBe('127.0.0.1:8080 [::1]:8080 0.0.0.0')
  })

  test('what is the same for everybody stays readable', () => {
    for (const same of [
      'api.github.com and openrouter.ai',
      'ssh.remote-port-taken, relay.unreachable: settings.json line 3',
      '2026-11-21T05:50:23.634Z took 12:30:45',
      'Node 24.21.0, OpenSSH_9.2p1',
      '~/.local/share/sovereign/relay/admin.sock',
    ])
      expect(text(same)).toBe(same)
  })

  test('it is counted how much was taken out', () => {
    const redactor = make()
    redactor.text('pi and eve at 192.0.2.7 with gho_16C7e42F292c6912E7')
    expect(redactor.takeCount()).toBe(4)
    expect(redactor.takeCount()).toBe(0)
  })
})

test('a long line of odd characters takes no time', () => {
  const startedAt = performance.now()
  for (const piece of ['a.', 'a:', '/a', 'A1/', '-----BEGIN ', 'x=', '1.2.']) text(piece.repeat(20_000))
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
