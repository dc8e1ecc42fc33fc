import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../../src/tunnel-server/config.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

async function fileWith(text: string): Promise<string> {
  const dir = await makeTempDir('tunnel-')
  const path = join(dir, 'server.yaml')
  await writeFile(path, text)
  return path
}

const PEM = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n'
const ENV = { CERT_PEM: PEM, KEY_PEM: PEM, CA_PEM: PEM }

test('the keys of the first server mean what they meant', async () => {
  const path = await fileWith(
    [
      'listen_addr: "127.0.0.1"',
      'listen_port: 9443',
      'cert_file: "./certs/server.crt"',
      'key_file: "/etc/server.key"',
      'ca_cert_file: "./certs/ca.crt"',
      'log_level: "debug"',
      'max_connections: 7',
      'emit_metrics: true',
      'metrics_interval: "90s"',
      'use_secrets_manager: false',
      'secrets_manager_name: ""',
    ].join('\n'),
  )
  const config = await readConfig(path, {})
  expect(config).toMatchObject({
    ...{ listen_addr: '127.0.0.1', listen_port: 9443, log_level: 'debug', max_connections: 7 },
    ...{ emit_metrics: true, metrics_interval: 90 },
    tls: {
      cert: join(path, '../certs/server.crt'),
      key: '/etc/server.key',
      ca: join(path, '../certs/ca.crt'),
    },
  })
})

test('options win over the environment, and the environment over the file', async () => {
  const path = await fileWith('listen_port: 1\nmax_connections: 1\nlog_level: warn\nallow: [one]\n')
  const env = {
    ...ENV,
    FLUIDITY_MAX_CONNECTIONS: '2',
    FLUIDITY_LOG_LEVEL: 'error',
    FLUIDITY_ALLOW: 'two, three',
  }
  expect(await readConfig(path, env, { log_level: 'debug' })).toMatchObject({
    listen_port: 1,
    max_connections: 2,
    log_level: 'debug',
    allow: ['two', 'three'],
  })
})

test('certificates come as text, plain or in base64, and the metrics as ECS says', async () => {
  const env = {
    ...{ CERT_PEM: PEM, KEY_PEM: Buffer.from(PEM).toString('base64'), CA_PEM: PEM.replaceAll('\n', '\\n') },
    ...{
      METRICS_ENABLED: 'true',
      METRICS_EMIT_INTERVAL: '30s',
      ECS_SERVICE_NAME: 'a',
      ECS_CLUSTER_NAME: 'b',
    },
  }
  expect(await readConfig(undefined, env)).toMatchObject({
    tls: { cert: PEM, key: PEM, ca: PEM, crl: undefined },
    emit_metrics: true,
    metrics_interval: 30,
    metrics: { serviceName: 'a', clusterName: 'b' },
  })
})

test.each([
  [
    'a key that is misspelt',
    'a: 1\nlisten_prt: 1\n',
    /line 1: a: unknown key|line 2: listen_prt: .*"listen_port"/,
  ],
  [
    'a number that is none',
    'allow: [a]\nmax_connections: many\n',
    /line 2: max_connections: has to be a number/,
  ],
  ['an interval that is too short', 'metrics_interval: 1s\n', /line 1: metrics_interval: .*10/],
  ['a mistake in YAML', 'allow: [a\nb: c\n', /line \d/],
  ['a list', '- a\n', /has to hold keys/],
])('%s is named with its line', async (_what, text, message) => {
  await expect(readConfig(await fileWith(text), ENV)).rejects.toMatchObject({
    code: 'tunnel.config-invalid',
    message: expect.stringMatching(message) as string,
  })
})

test('a secret that is to be fetched is refused with what does the same on ECS and elsewhere', async () => {
  const text = 'allow: [a]\nuse_secrets_manager: true\nsecrets_manager_name: fluidity-certificates\n'
  const path = await fileWith(`${text}cert_file: a\nkey_file: b\nca_cert_file: c\n`)
  const { CA_PEM: _, ...withoutAuthority } = ENV
  for (const env of [{}, withoutAuthority])
    await expect(readConfig(path, env)).rejects.toMatchObject({
      code: 'tunnel.config-invalid',
      message: `${path} line 2: use_secrets_manager: the server fetches no secret itself.`,
      remedy:
        'Let ECS put cert_pem, key_pem and ca_pem of "fluidity-certificates" into CERT_PEM, KEY_PEM and CA_PEM, by ' +
        '"secrets" of the task definition: {"name":"CERT_PEM","valueFrom":"<ARN of the secret>:cert_pem::"} and so on. ' +
        'Elsewhere set the three yourself, or leave use_secrets_manager out and name the files.',
    })
})

test('a configuration that asks for secrets is as good as any where the platform has brought them', async () => {
  const path = await fileWith('use_secrets_manager: true\nsecrets_manager_name: fluidity-certificates\n')
  expect(await readConfig(path, ENV)).toMatchObject({ tls: { cert: PEM, key: PEM, ca: PEM } })
  expect(await readConfig(undefined, { ...ENV, FLUIDITY_USE_SECRETS_MANAGER: 'true' })).toMatchObject({
    tls: { cert: PEM },
  })
  await expect(readConfig(undefined, { FLUIDITY_USE_SECRETS_MANAGER: 'true' })).rejects.toMatchObject({
    message: 'the configuration: use_secrets_manager: the server fetches no secret itself.',
    remedy: expect.stringContaining('of the secret into CERT_PEM') as string,
  })
})

test('what is missing is named', async () => {
  await expect(readConfig(undefined, { CERT_PEM: PEM })).rejects.toMatchObject({
    message: 'There is no key_file, ca_cert_file.',
  })
  await expect(readConfig('/nowhere.yaml', ENV)).rejects.toMatchObject({
    message: '/nowhere.yaml does not exist.',
  })
  await expect(readConfig(undefined, { ...ENV, KEY_PEM: 'secret!' })).rejects.toMatchObject({
    message: expect.not.stringContaining('secret!') as string,
  })
})
