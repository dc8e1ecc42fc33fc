import { expect, test } from 'vitest'
import { describeChanges } from '../../../../src/renderer/features/settings/describe-changes.ts'
import { saveEffects } from '../../../../src/renderer/features/settings/save-effects.ts'
import { type Settings, settingsSchema } from '../../../../src/shared/settings/schema.ts'

const vm = { name: 'vm', ssh: 'vm' }
const gpu = { name: 'gpu', ssh: 'gpu', listen: '127.0.0.1:9000' }

function make(profile: object = {}, rest: object = {}): Settings {
  return settingsSchema.parse({ profiles: [{ name: 'work', clients: [vm, gpu], ...profile }], ...rest })
}

test('what touches no connection interrupts nothing', () => {
  const after = make({ ollama: { url: 'http://127.0.0.1:11434' } }, { notifications: false })
  expect(saveEffects(make(), after)).toEqual({ effects: [], keepsRelay: true, keptClients: ['vm', 'gpu'] })
})

test('an Ollama that is offered interrupts nothing, and is named in the changes', () => {
  const url = 'http://127.0.0.1:11434'
  const [before, after] = [make({ ollama: { url } }), make({ ollama: { url, offer: true } })]
  expect(saveEffects(before, after)).toEqual({ effects: [], keepsRelay: true, keptClients: ['vm', 'gpu'] })
  expect(describeChanges(before, after)).toMatchObject([{ from: url, to: `${url}, offered to clients` }])
})

test('another relay reconnects, and the clients stay', () => {
  const after = make({ relay: { ssh: 'pi', port: 8080 } })
  expect(saveEffects(make(), after)).toEqual({
    effects: [{ kind: 'relay', from: 'in this bridge', to: 'pi, port 8080' }],
    keepsRelay: false,
    keptClients: ['vm', 'gpu'],
  })
})

test('a client that is only renamed keeps its connection', () => {
  const after = make({ clients: [{ ...vm, name: 'builder' }, gpu] })
  expect(saveEffects(make(), after)).toEqual({
    effects: [],
    keepsRelay: true,
    keptClients: ['builder', 'gpu'],
  })
})

test('a client that moves reconnects; others join, leave, start and stop', () => {
  const before = make({
    clients: [vm, gpu, { name: 'off', ssh: 'off', enabled: false }, { name: 'on', ssh: 'on' }],
  })
  const after = make({
    clients: [
      { ...vm, listen: '127.0.0.1:8081' },
      { name: 'new', ssh: 'new' },
      { name: 'off', ssh: 'off', enabled: true },
      { name: 'on', ssh: 'on', enabled: false },
    ],
  })
  expect(saveEffects(before, after).effects).toEqual([
    { kind: 'client-starts', name: 'off' },
    { kind: 'client-stops', name: 'on' },
    { kind: 'client-reconnects', name: 'vm' },
    { kind: 'client-joins', name: 'new' },
    { kind: 'client-leaves', name: 'gpu' },
  ])
})

test('clients that are switched off come and go without an effect', () => {
  const off = { name: 'off', ssh: 'off', enabled: false }
  expect(saveEffects(make({ clients: [off] }), make({ clients: [] })).effects).toEqual([])
  expect(saveEffects(make({ clients: [] }), make({ clients: [off] })).effects).toEqual([])
})

test('another profile counts by what it says, not by its name', () => {
  const profiles = [
    { name: 'work', clients: [vm] },
    { name: 'same', clients: [vm] },
    { name: 'other', agent: { listen: '127.0.0.1:9090' } },
  ]
  const before = settingsSchema.parse({ profiles })
  const use = (activeProfile: string): Settings => settingsSchema.parse({ profiles, activeProfile })
  expect(saveEffects(before, use('same')).effects).toEqual([])
  expect(saveEffects(before, use('other')).effects).toEqual([
    { kind: 'agent', from: '127.0.0.1:8080', to: '127.0.0.1:9090' },
    { kind: 'client-leaves', name: 'vm' },
  ])
})

test('equal settings differ in nothing', () => {
  expect(describeChanges(make(), make())).toEqual([])
})

test('every change is named with how it was and how it will be', () => {
  const after = make(
    {
      relay: { url: 'https://relay.example.com', ca: '~/ca.pem' },
      clients: [
        { ...gpu, name: 'big', enabled: false },
        { name: 'new', ssh: { host: '10.0.0.4', user: 'eve' } },
      ],
    },
    { connectAtStart: false },
  )
  expect(describeChanges(make({ clients: [gpu, vm] }), after)).toEqual([
    { what: 'Connect at start', from: 'on', to: 'off' },
    { what: 'work › Relay', from: 'in this bridge', to: 'https://relay.example.com' },
    { what: 'work › CA', to: '~/ca.pem' },
    { what: 'work › Client', from: 'gpu', to: 'big' },
    { what: 'work › Client big, switched', from: 'on', to: 'off' },
    { what: 'work › Client', from: 'vm', to: 'new' },
    { what: 'work › Client new, host', from: 'vm', to: 'eve@10.0.0.4' },
  ])
})

test('profiles that come, go and get another name are told apart', () => {
  const before = settingsSchema.parse({ profiles: [{ name: 'a' }, { name: 'b' }] })
  const renamed = settingsSchema.parse({ profiles: [{ name: 'a' }, { name: 'c' }] })
  const fewer = settingsSchema.parse({ profiles: [{ name: 'b' }] })
  expect(describeChanges(before, renamed)).toEqual([{ what: 'Profile', from: 'b', to: 'c' }])
  expect(describeChanges(before, fewer)).toEqual([
    { what: 'Profile in use', from: 'a', to: 'b' },
    { what: 'Profile', from: 'a' },
  ])
})

test('another way out of the proxy is told with what it was, and keeps every connection', () => {
  const mtls = { server: 'a:1', ca: '~/ca', cert: '~/cert', key: '~/key' }
  const after = make({ egress: { use: 'mtls', mtls, connectPorts: [] } })
  expect(saveEffects(make(), after)).toMatchObject({ effects: [{ kind: 'proxy' }], keepsRelay: true })
  const changes = describeChanges(make(), after)
  expect(changes).toContainEqual({ what: 'work › Proxy', from: 'By itself', to: 'Through a tunnel server' })
  expect(changes).toContainEqual({ what: 'work › Ports for CONNECT', from: '443 · 8443', to: 'nothing' })
  expect(changes).toContainEqual({ what: 'work › Tunnel server', to: 'a:1' })
  const control = { kind: 'process', command: ['run', 'server'] }
  const managed = make({ egress: { use: 'mtls', mtls: { ...mtls, control }, connectPorts: [] } })
  expect(describeChanges(after, managed)).toEqual([
    {
      what: 'work › Starting the tunnel server',
      to: 'A program on this computer: run · server',
    },
  ])
})
