import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EgressForm, USUAL_EGRESS } from '../../../../src/renderer/features/settings/egress-form.ts'
import { listMistake } from '../../../../src/renderer/features/settings/egress-part.ts'
import { type FormReading, readForm } from '../../../../src/renderer/features/settings/form-mistakes.ts'
import { readText } from '../../../../src/renderer/features/settings/read-text.ts'
import {
  formOf,
  formValue,
  freeName,
  newClient,
  type SettingsForm,
  textOf,
} from '../../../../src/renderer/features/settings/settings-form.ts'
import { crossCheck } from '../../../../src/shared/settings/cross-checks.ts'
import { type Settings, settingsSchema } from '../../../../src/shared/settings/schema.ts'

const name = fc.stringMatching(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,20}$/u)
const port = fc.integer({ min: 1, max: 65_535 })
const word = fc.string({ minLength: 1 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const file = word.map((end) => `~/${end}`)
const listen = port.map((number) => `127.0.0.1:${number}`)
const target = fc.oneof(
  word,
  fc.record({ host: word, port, user: word, identityFile: word }, { requiredKeys: ['host'] }),
)
const urlRelay = fc
  .record({
    ca: maybe(file),
    pair: maybe(fc.tuple(file, file)),
    tokenFile: maybe(file),
    adminTokenFile: maybe(file),
  })
  .map(({ pair, ...rest }) => ({
    url: 'https://relay.example.com',
    ...rest,
    cert: pair?.[0],
    key: pair?.[1],
  }))
const relay = fc.oneof(
  fc.constant({ embedded: true }),
  fc.record({ ssh: target, port, adminSocket: word }, { requiredKeys: ['ssh', 'port'] }),
  urlRelay,
)
const host = fc.constantFrom('example.com', '*.corp.example', '10.0.0.0/8', '[::1]', '*', 'bücher.example')
const hosts = fc.array(host, { maxLength: 3 })
const url = fc.constantFrom('https://a.lambda-url.eu-west-1.on.aws/', 'http://127.0.0.1:9/wake')
const control = fc.oneof(
  fc.record(
    { kind: fc.constant('aws'), wake: url, query: url, kill: url, region: word, awsProfile: word },
    { requiredKeys: ['kind', 'wake', 'query', 'kill'] },
  ),
  fc.record({ kind: fc.constant('webhook'), url, secretFile: file }),
  fc.record(
    { kind: fc.constant('wake-on-lan'), mac: fc.constant('00:11:22:33:44:55'), broadcast: fc.ipV4() },
    { requiredKeys: ['kind', 'mac'] },
  ),
  fc.record({ kind: fc.constant('process'), command: fc.array(fc.string(), { minLength: 1, maxLength: 3 }) }),
)
const mtls = fc.record(
  {
    ...{
      server: fc.constant('tunnel.example.com:8443'),
      ca: file,
      cert: file,
      key: file,
      crl: file,
      control,
    },
    ...{ serverName: word, protocol: fc.constantFrom('h2', 'envelopes'), holdSeconds: fc.nat(600) },
  },
  { requiredKeys: ['server', 'ca', 'cert', 'key'] },
)
const egress = fc.record(
  {
    use: fc.constantFrom('direct', 'mtls'),
    rules: fc.array(
      fc.record({
        hosts: fc.array(host, { minLength: 1, maxLength: 3 }),
        use: fc.constantFrom('direct', 'mtls', 'deny'),
      }),
      { maxLength: 3 },
    ),
    ...{ bypass: hosts, allowPrivate: hosts, connectPorts: fc.array(port, { maxLength: 3 }) },
    ...{ passwordFile: file, systemProxy: fc.boolean(), mtls },
  },
  { requiredKeys: ['mtls'] },
)
const client = fc.record({ name, ssh: target, listen, enabled: fc.boolean() })
const profile = fc.record({
  name,
  relay,
  clients: fc.uniqueArray(client, { selector: (one) => one.name, maxLength: 4 }),
  agent: fc.record({ listen }),
  egress: maybe(fc.oneof(egress, fc.record({ connectPorts: fc.array(port, { maxLength: 3 }) }))),
  ollama: maybe(
    fc.constantFrom<unknown>(
      { url: 'http://127.0.0.1:11434' },
      { url: 'http://127.0.0.1:11434', offer: true },
      { url: 'http://127.0.0.1:11434', via: 'tower' },
      { url: 'http://127.0.0.1:11434', via: { host: 'tower.lan', port: 2222, user: 'eve' } },
    ),
  ),
})
const settings: fc.Arbitrary<Settings> = fc
  .record({
    $schema: maybe(fc.string()),
    active: maybe(fc.nat()),
    profiles: fc.uniqueArray(profile, { selector: (one) => one.name, minLength: 1, maxLength: 3 }),
    connectAtStart: fc.boolean(),
    notifications: fc.boolean(),
    logs: fc.record(
      {
        level: fc.constantFrom('error', 'warn', 'info', 'debug'),
        keepMiB: fc.integer({ min: 1, max: 1000 }),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ active, ...rest }) => ({
    ...rest,
    version: 1,
    ...(active === undefined ? {} : { activeProfile: rest.profiles[active % rest.profiles.length]?.name }),
  }))
  .map((value) => settingsSchema.parse(JSON.parse(JSON.stringify(value))))
  .filter((value) => crossCheck(value).length === 0)

/** The form of settings with one client, changed. */
function formWith(change: (form: SettingsForm) => SettingsForm): SettingsForm {
  const text = '{ "relay": { "ssh": "pi" }, "clients": [{ "name": "vm", "ssh": "vm" }] }'
  const read = readText(text)
  if (read === undefined) throw new Error('The settings of the test are wrong.')
  return change(formOf(read))
}

function withProfile(change: Partial<SettingsForm['profiles'][number]>): SettingsForm {
  return formWith((form) => ({
    ...form,
    profiles: form.profiles.map((profile) => ({ ...profile, ...change })),
  }))
}

describe('settings as a form', () => {
  test('every settings file comes out of the form as it went in', () => {
    fc.assert(
      fc.property(settings, (before) => {
        expect(settingsSchema.parse(formValue(formOf(before)))).toEqual(before)
        expect(readForm(formOf(before)).settings).toEqual(before)
      }),
    )
  })

  test('the text of a form says what the form says', () => {
    fc.assert(
      fc.property(settings, (before) => {
        expect(readText(textOf(formOf(before)))).toEqual(before)
      }),
    )
  })

  test('whatever is typed is judged without a fault', () => {
    const typed = fc.string()
    fc.assert(
      fc.property(settings, typed, typed, typed, (before, address, port, listen) => {
        const form = formOf(before)
        const profiles = form.profiles.map((profile) => ({
          ...profile,
          listen,
          relay: { ...profile.relay, kind: 'ssh' as const, ssh: { ...profile.relay.ssh, address }, port },
          clients: [...profile.clients, newClient(99)],
        }))
        const { settings: judged, mistakes } = readForm({ ...form, profiles })
        expect(judged === undefined).toBe(mistakes.length > 0)
      }),
    )
  })
})

describe('a mistake', () => {
  test('in a port stands at the port, in words', () => {
    const form = withProfile({})
    const [profile] = form.profiles
    if (profile === undefined) throw new Error('There is no profile.')
    const reading = readForm({
      ...form,
      profiles: [{ ...profile, relay: { ...profile.relay, port: '80x' } }],
    })
    expect(reading.at('profiles', 0, 'relay', 'port')).toBe('Has to be a number.')
    expect(reading.settings).toBeUndefined()
  })

  test('in an empty field says that it needs to be filled in', () => {
    const reading = readForm(withProfile({ clients: [newClient(0)] }))
    expect(reading.at('profiles', 0, 'clients', 0, 'name')).toBe('Needs to be filled in.')
    expect(reading.at('profiles', 0, 'clients', 0, 'ssh')).toBe('Needs to be filled in.')
    expect(reading.countBelow('profiles', 0, 'clients')).toBe(2)
    expect(reading.countBelow('profiles', 1)).toBe(0)
  })

  test('in a name that is taken says so without counting from zero', () => {
    const twice = [0, 1].map((id) => ({ ...newClient(id), name: 'vm', listen: `127.0.0.1:808${id}` }))
    const clients = twice.map((client) => ({ ...client, ssh: { ...client.ssh, address: 'vm' } }))
    const reading = readForm(withProfile({ clients }))
    expect(reading.mistakes).toEqual([
      { path: ['profiles', 0, 'clients', 1, 'name'], text: 'This name is taken; give each its own.' },
    ])
  })
})

describe('the proxy in a form', () => {
  const egressOf = (change: Partial<EgressForm>): FormReading =>
    readForm(withProfile({ egress: { ...USUAL_EGRESS, ...change } }))

  test('is left out of the file while all of it is usual', () => {
    expect(textOf(withProfile({}))).not.toContain('egress')
  })

  test('keeps its tunnel while the file asks for one, and no text of it is lost when that is switched off', () => {
    const tunnel = { ...USUAL_EGRESS.tunnel, server: 'a:1', ca: '~/ca', cert: '~/c', key: '~/k' }
    expect(egressOf({ use: 'mtls', hasTunnel: true, tunnel }).settings?.profiles[0]?.egress).toMatchObject({
      use: 'mtls',
      mtls: { server: 'a:1', serverName: 'sovereign-tunnel-server', holdSeconds: 120 },
    })
    expect(egressOf({ tunnel }).settings?.profiles[0]?.egress.mtls).toBeUndefined()
  })

  test('says at the server that an address is needed where nothing else tells it', () => {
    const tunnel = { ...USUAL_EGRESS.tunnel, ca: '~/ca', cert: '~/c', key: '~/k' }
    const reading = egressOf({ hasTunnel: true, tunnel })
    expect(reading.at('profiles', 0, 'egress', 'mtls', 'server')).toBe('Needs to be filled in.')
  })

  test('names the host or port of a list that is wrong', () => {
    const { at } = egressOf({ bypass: 'fine.example\nhttp://wrong/', connectPorts: '443, 70000, x' })
    const below: typeof at = (...path) => at('profiles', 0, 'egress', ...path)
    expect(listMistake(below, 'fine.example\nhttp://wrong/', 'bypass')).toMatch(
      /^“http:..wrong.”: Use a host name/,
    )
    expect(listMistake(below, '443, 70000, x', 'connectPorts')).toBe('“70000”: Has to be 65535 or less.')
    expect(listMistake(below, '', 'allowPrivate')).toBeUndefined()
  })

  test('without hosts in a rule says so at the rule', () => {
    const { at } = egressOf({ rules: [{ id: 0, hosts: ' ', use: 'deny' }] })
    expect(at('profiles', 0, 'egress', 'rules', 0, 'hosts')).toBe('Name at least one host.')
  })
})

test('an empty port is the usual one', () => {
  const form = withProfile({})
  const profiles = form.profiles.map((profile) => ({ ...profile, relay: { ...profile.relay, port: ' ' } }))
  const { settings } = readForm({ ...form, profiles })
  expect(settings?.profiles[0]?.relay).toEqual({ ssh: 'pi', port: 8080 })
})

test('a name that is taken gets the first free number', () => {
  expect(freeName('home', [])).toBe('home')
  expect(freeName('home', [{ name: 'home' }, { name: 'home 2' }])).toBe('home 3')
})

test.each(['', '{', '[]', '{"version":9}', '{"profiles":[]}', '['.repeat(100_000)])(
  'a text that is no settings file is none: %.12s',
  (text) => expect(readText(text)).toBeUndefined(),
)
