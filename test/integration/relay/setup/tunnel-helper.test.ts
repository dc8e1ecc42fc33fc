import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BareMachine, makeBareMachine } from '../../../support/bare-machine.ts'
import { freePort } from '../../../support/free-port.ts'
import { type SetupServer, startSetupServer } from '../../../support/start-setup-server.ts'
import { type Sshd, startSshd, waitUntil } from '../../../support/start-sshd.ts'

let dataDir: string
let server: SetupServer
let sshd: Sshd
let container: BareMachine
let port: number

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tunnel-'))
  server = await startSetupServer(dataDir)
  sshd = await startSshd()
  container = await makeBareMachine('ssh')
  port = await freePort()
  const script = await (await fetch(`${server.url}/setup/tunnel.sh`)).text()
  await writeFile(join(container.home, 'tunnel.sh'), script)
})
afterEach(async () => {
  await container.run(`bash tunnel.sh stop --port ${port}`)
  await container.remove()
  await sshd.close()
  await server.close()
  await rm(dataDir, { recursive: true, force: true })
})

const ssh = (knownHosts = sshd.knownHostsFile) =>
  `-- -F none -p ${sshd.port} -i ${sshd.clientKeyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHosts}`
const start = (options = ssh()) =>
  container.run(`bash tunnel.sh start ${sshd.userName}@${sshd.host} --port ${port} ${options}`)
const health = () => container.run(`curl -fsS --max-time 5 http://127.0.0.1:${port}/health`)

test('the helper brings in the port of the host that it came through', async () => {
  expect(await start()).toMatchObject({ code: 0, stderr: '' })
  expect(await health()).toMatchObject({ code: 0, stdout: '{"status":"ok"}' })
  expect((await container.run(`bash tunnel.sh status --port ${port}`)).stdout).toContain('the relay answers')
})

test('the set-up script works through it with the port of the container', async () => {
  await start()
  const outcome = await container.run(`set -o pipefail; curl -fsSL http://127.0.0.1:${port}/setup | bash`)
  expect(outcome).toMatchObject({ code: 0, stderr: '' })
  expect(outcome.stdout).toContain(`Checked: http://127.0.0.1:${port}/v1/models`)
})

test('it comes back after the SSH server was restarted', async () => {
  await start()
  await sshd.restart()
  expect(await waitUntil(async () => (await health()).code === 0, 20_000, 200)).toBe(true)
})

test('stop ends it for good and a second start is refused while it runs', async () => {
  await start()
  expect((await start()).stderr).toContain('already running')
  expect((await container.run(`bash tunnel.sh stop --port ${port}`)).stdout).toContain('stopped')
  expect((await health()).code).not.toBe(0)
  expect(await container.run(`bash tunnel.sh status --port ${port}`)).toMatchObject({ code: 3 })
  expect(await waitUntil(async () => (await sshd.sessionPids()).length === 0, 5_000)).toBe(true)
})

test('an unknown host key is never accepted by itself', async () => {
  const outcome = await start(ssh('/dev/null'))
  expect(outcome.code).toBe(1)
  expect(outcome.stderr).toContain('Host key verification failed')
  expect(outcome.stderr).toContain('try once in the foreground')
})

test.each(['', 'dance', 'start --port 70000', 'start --port x'])(
  '"%s" is refused with words',
  async (args) => {
    const outcome = await container.run(`bash tunnel.sh ${args}`)
    expect(outcome.code).toBeGreaterThan(0)
    expect(outcome.stderr).not.toBe('')
  },
)
