import { describe, expect, test } from 'vitest'
import {
  checkedName,
  DEFAULT_SERVER_NAME,
  identityOf,
  parseSubjectName,
  readIdentity,
  subjectNames,
} from '../../../../src/node/pki/names.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import { egressSettings } from '../../../../src/shared/settings/egress.ts'

test('the usual name of a server is the one that agents expect', () => {
  const files = { ca: '/ca.pem', cert: '/cert.pem', key: '/key.pem' }
  const { mtls } = egressSettings.parse({ mtls: { server: 'tunnel.example.com:8443', ...files } })
  expect(mtls?.serverName).toBe(DEFAULT_SERVER_NAME)
})

describe('the name of a certificate', () => {
  test.each(['laptop', 'a', 'home-pc', 'laptop.home', '3d-printer', DEFAULT_SERVER_NAME, 'x'.repeat(63)])(
    'may be %s',
    (name) => {
      expect(checkedName(name)).toBe(name)
    },
  )

  test.each([
    '',
    '.',
    '..',
    '../ca',
    'a/b',
    'a\\b',
    'Laptop',
    'home pc',
    'läptop',
    '-x',
    'x-',
    'a..b',
    '.hidden',
    '10.0.0.1',
    '7',
    '*.home',
    'a\nb',
    'a\0b',
    'a,b',
    'a_b',
    'x'.repeat(64),
  ])('may not be %j', (name) => {
    expect(() => checkedName(name)).toThrowError(
      expect.objectContaining({
        code: 'certs.request-invalid',
        message: expect.stringContaining('cannot be'),
      }),
    )
  })

  test.each([
    ['My Laptop', 'my-laptop'],
    ['Läptop', 'laptop'],
    ['host.1', 'host-1'],
  ])('which cannot be %j is offered as %s', (name, better) => {
    const error = caught(() => checkedName(name))
    expect(error.remedy).toContain(`"${better}"`)
  })
})

describe('a further name', () => {
  test.each([
    ['tunnel.example.com', { type: 'dns', value: 'tunnel.example.com' }],
    ['Tunnel.Example.com.', { type: 'dns', value: 'tunnel.example.com' }],
    ['bücher.example', { type: 'dns', value: 'xn--bcher-kva.example' }],
    ['DNS:localhost', { type: 'dns', value: 'localhost' }],
    ['192.0.2.7', { type: 'ip', value: '192.0.2.7' }],
    ['IP:2001:db8::7', { type: 'ip', value: '2001:db8::7' }],
    ['[2001:db8::7]', { type: 'ip', value: '2001:db8::7' }],
    ['spiffe://home/laptop', { type: 'uri', value: 'spiffe://home/laptop' }],
  ])('%s is understood', (text, name) => {
    expect(parseSubjectName(text)).toEqual(name)
  })

  test.each(['', '*', '*.example.com', 'a b', 'fe80::1%eth0', 'DNS:10.0.0.1', 'IP:example.com', '1.2.3.4.5'])(
    '%j is refused',
    (text) => {
      expect(caught(() => parseSubjectName(text)).code).toBe('certs.request-invalid')
    },
  )

  test('cannot be the identity of somebody else', () => {
    const error = caught(() => parseSubjectName('Sovereign://agent/other'))
    expect(error.message).toContain('is an identity')
  })
})

describe('names as Node writes them', () => {
  test('are read with the type that they have', () => {
    const text =
      'DNS:a.example, URI:sovereign://agent/a, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7'
    expect(subjectNames(text)).toEqual([
      { type: 'dns', value: 'a.example' },
      { type: 'uri', value: 'sovereign://agent/a' },
      { type: 'ip', value: '192.0.2.7' },
      { type: 'ip', value: '2001:DB8:0:0:0:0:0:7' },
    ])
  })

  test('cannot hide a second name in the text of the first', () => {
    const text = 'URI:"http://x/, URI:sovereign://agent/admin", DNS:"a, URI:sovereign://agent/\\"admin"'
    const names = subjectNames(text)
    expect(names).toEqual([
      { type: 'uri', value: 'http://x/, URI:sovereign://agent/admin' },
      { type: 'dns', value: 'a, URI:sovereign://agent/"admin' },
    ])
    expect(readIdentity(names)).toBeUndefined()
  })

  test('of no certificate are none', () => {
    expect(subjectNames(undefined)).toEqual([])
  })
})

test('an identity is read as it was written, and nothing else is one', () => {
  const uri = (value: string) => [{ type: 'uri', value }] as const
  expect(readIdentity(uri(identityOf('agent', 'laptop')))).toEqual({ kind: 'agent', name: 'laptop' })
  expect(readIdentity(uri('sovereign://agent/a/b'))).toBeUndefined()
  expect(readIdentity(uri('sovereign://admin/a'))).toBeUndefined()
  expect(readIdentity([{ type: 'dns', value: 'sovereign://agent/a' }])).toBeUndefined()
})

function caught(work: () => unknown): AppError {
  try {
    work()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('Nothing was thrown.')
}
