import { describe, expect, test } from 'vitest'
import { parseSettings } from '../../../../src/main/settings/settings-text.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'

const DIRECT = {
  use: 'direct',
  rules: [],
  bypass: [],
  allowPrivate: [],
  connectPorts: [443, 8443],
  systemProxy: false,
}

function mistakesIn(text: string): string[] {
  try {
    parseSettings(text, 'settings.json')
  } catch (error) {
    if (error instanceof AppError && error.code === 'settings.invalid') return error.message.split('\n')
    throw error
  }
  return []
}

describe('a settings file that is right', () => {
  test('an empty object means the embedded relay and no clients', () => {
    expect(parseSettings('{}', 'settings.json').settings).toEqual({
      version: 1,
      connectAtStart: true,
      notifications: true,
      secrets: 'keychain',
      logs: { level: 'warn', keepMiB: 4 },
      profiles: [
        {
          name: 'default',
          relay: { embedded: true },
          clients: [],
          agent: { listen: '127.0.0.1:8080' },
          egress: DIRECT,
        },
      ],
    })
  })

  test('comments, trailing commas and Windows line ends are understood', () => {
    const text = '// mine\r\n{\r\n  "connectAtStart": false, /* for now */\r\n}\r\n'
    expect(parseSettings(text, 'settings.json').settings.connectAtStart).toBe(false)
  })

  test('the short form becomes the one profile with the default name', () => {
    const text = '{ "relay": { "ssh": "pi" }, "clients": [{ "name": "vm", "ssh": "me@vm:2222" }] }'
    const { settings, migratedFrom } = parseSettings(text, 'settings.json')
    expect(migratedFrom).toBe(0)
    expect(settings.profiles).toEqual([
      {
        name: 'default',
        relay: { ssh: 'pi', port: 8080 },
        clients: [{ name: 'vm', ssh: 'me@vm:2222', listen: '127.0.0.1:8080', enabled: true }],
        agent: { listen: '127.0.0.1:8080' },
        egress: DIRECT,
      },
    ])
  })

  test('the same port on two machines and two ports on one machine are fine', () => {
    const text = `{ "clients": [
      { "name": "a", "ssh": "a" }, { "name": "b", "ssh": "b" },
      { "name": "a2", "ssh": "a", "listen": "127.0.0.1:8081" } ] }`
    expect(mistakesIn(text)).toEqual([])
  })
})

test.each(['127.0.0.0/99', '127.1', '10.0.0.256', '10.0.0/8', '::/129'])(
  'a rule for %s, which is no network, is a mistake',
  (host) => {
    const text = JSON.stringify({ egress: { rules: [{ hosts: [host], use: 'deny' }] } })
    expect(mistakesIn(text).join()).toContain('egress.rules[0].hosts[0]')
  },
)

test.each(['example.com', '*.lan', '*', '10.0.0.0/8', '127.0.0.1', '[::1]', 'fd00::/8', '4chan.org'])(
  'a rule for %s is fine',
  (host) => {
    expect(mistakesIn(JSON.stringify({ egress: { rules: [{ hosts: [host], use: 'deny' }] } }))).toEqual([])
  },
)

describe('mistakes are named with their line', () => {
  test.each([
    ['', 'settings.json is empty.'],
    ['{\n "relay": {', 'settings.json line 2: the file ends in the middle, a } is missing.'],
    ['{\n "profiles": [ {}', 'settings.json line 2: the file ends in the middle, a ] is missing.'],
    ['{\n "relay":', 'settings.json line 2: the file ends in the middle, a value is missing.'],
    ['{\n\n "relay" 1 }', 'settings.json line 3: a colon is missing after the key.'],
    ['{ "a": "x\n" }', 'settings.json line 1: the closing double quote is missing.'],
    ['[]', 'settings.json line 1: has to be an object: { … }'],
    ['['.repeat(50_000), 'settings.json is nested far too deep.'],
  ])('no JSON: %.20j', (text, message) => {
    expect(mistakesIn(text)).toEqual([message])
  })

  test('every mistake is listed at once, in the order of the file', () => {
    const text = `{
  "version": 1,
  "profiles": [
    {
      "name": "home",
      "relay": { "ssh": "pi", "prot": 8080 },
      "clients": [
        { "name": "a", "ssh": "a" },
        { "name": "b", "ssh": "b",
          "listen": "0.0.0.0:8080" },
        { "ssh": { "hots": "x" } }
      ]
    }
  ],
  "conectAtStart": true
}`
    expect(mistakesIn(text)).toEqual([
      'settings.json line 6: profiles[0].relay.prot: unknown key; did you mean "port"?',
      'settings.json line 10: profiles[0].clients[1].listen: use a loopback address with a port, such as 127.0.0.1:8080, or unix:/path/to.sock',
      'settings.json line 11: profiles[0].clients[2].name: is missing',
      'settings.json line 11: profiles[0].clients[2].ssh.host: is missing',
      'settings.json line 11: profiles[0].clients[2].ssh.hots: unknown key; did you mean "host"?',
      'settings.json line 15: conectAtStart: unknown key; did you mean "connectAtStart"?',
    ])
  })

  test('mistakes of the short form point to where the user wrote them', () => {
    const text =
      '{\n "clients": [\n  { "name": "a", "ssh": "a" },\n  { "name": "a", "ssh": "b", "port": 1 }\n ]\n}'
    expect(mistakesIn(text)).toEqual([
      'settings.json line 4: clients[1].port: unknown key; known here: name, ssh, listen, enabled',
    ])
    expect(mistakesIn(text.replace(', "port": 1', ''))).toEqual([
      'settings.json line 4: clients[1].name: clients[0] is already called "a"; give each its own name',
    ])
  })

  test.each([
    ['{ "embeded": true }', 'relay.embeded: unknown key; did you mean "embedded"?'],
    ['{ "ssh": "pi", "port": 70000 }', 'relay.port: has to be 65535 or less'],
    ['{ "ssh": "pi", "port": 80.5 }', 'relay.port: has to be a whole number'],
    ['{ "ssh": "" }', 'relay.ssh: must not be empty'],
    ['{ "embedded": false }', 'relay.embedded: has to be true'],
    [
      '{ "url": "http://me:secret@pi:8080" }',
      'relay.url: must not hold a user or password: a client token belongs in "tokenFile"',
    ],
    ['{ "url": "ftp://x" }', 'relay.url: use a URL such as http://10.0.0.5:8080'],
    [
      '{ "embedded": true, "url": "http://x" }',
      'relay: use exactly one of { "embedded": true }, { "ssh": "alias", "port": 8080 } and { "url": "http://…" }',
    ],
    [
      '"pi"',
      'relay: use exactly one of { "embedded": true }, { "ssh": "alias", "port": 8080 } and { "url": "http://…" }',
    ],
  ])('a relay that is none: %s', (relay, message) => {
    expect(mistakesIn(`{\n"relay": ${relay} }`)).toEqual([`settings.json line 2: ${message}`])
  })

  test('two clients at the same place, equal profile names and a missing active profile are mistakes', () => {
    const text = `{ "activeProfile": "work", "profiles": [
 { "name": "home", "clients": [
  { "name": "a", "ssh": "box", "listen": "127.0.0.1:8080" },
  { "name": "b", "ssh": { "host": "box" }, "listen": "localhost:8080" } ] },
 { "name": "home" } ] }`
    expect(mistakesIn(text)).toEqual([
      'settings.json line 1: activeProfile: there is no profile "work"; there is "home", "home"',
      'settings.json line 4: profiles[0].clients[1].listen: client "a" already listens on localhost:8080 of the same machine; choose another port',
      'settings.json line 5: profiles[1].name: profiles[0] is already called "home"; give each its own name',
    ])
  })

  test('a key that is there twice is a mistake, because JSON would take the last without a word', () => {
    expect(mistakesIn('{ "clients": [],\n "relay": { "embedded": true },\n "clients": [] }')).toEqual([
      'settings.json line 3: clients: is here twice, first in line 1',
    ])
  })

  test('the short form beside profiles is explained', () => {
    expect(mistakesIn('{ "profiles": [{}],\n "clients": [] }')).toEqual([
      'settings.json line 2: clients: belongs inside a profile when there is "profiles" or "version": move it there',
    ])
  })

  test('a key named like a part of every object is only unknown', () => {
    expect(mistakesIn('{ "__proto__": {} }')[0]).toMatch(/line 1: __proto__: unknown key/)
  })

  test('a long list is cut with the number of the rest', () => {
    const keys = Array.from({ length: 25 }, (_, index) => `"zzzzzz${index}": 1`).join(',\n')
    expect(mistakesIn(`{${keys}}`)).toHaveLength(21)
    expect(mistakesIn(`{${keys}}`).at(-1)).toBe('and 5 more')
  })
})

test('a file of a newer version is not judged by the rules of this one', () => {
  expect(() => parseSettings('{ "version": 7, "planets": [] }', 'settings.json')).toThrowError(
    expect.objectContaining({
      code: 'settings.from-the-future',
      message: 'settings.json has version 7, and this program knows versions up to 1.',
    }),
  )
})
