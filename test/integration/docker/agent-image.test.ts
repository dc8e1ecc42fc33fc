import { chmod, chown, copyFile, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { buildProgram } from '../../../scripts/build.ts'
import { curl } from '../../support/curl.ts'
import { freePort } from '../../support/free-port.ts'
import { MOST_OWN_LAYER_BYTES, ownLayerBytes } from '../../support/image-layers.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { dockerObstacle, importNodeImage, startDocker } from '../../support/start-docker.ts'
import { startWeb } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { makeTunnelCerts, startTestServer } from '../../support/start-tunnel.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const USER = 10_001
const obstacle = dockerObstacle()
if (obstacle !== undefined) console.warn(`SKIPPED: no container is run, because ${obstacle}.`)

test.skipIf(obstacle !== undefined)(
  'the image of the agent takes a proxy through the tunnel as an ordinary user on a read-only root',
  { timeout: 180_000 },
  async () => {
    const context = await makeTempDir('context-')
    await cp(join(ROOT, 'docker'), join(context, 'docker'), { recursive: true })
    await copyFile(join(ROOT, '.dockerignore'), join(context, '.dockerignore'))
    await buildProgram(join(context, 'dist/sovereign.mjs'))
    const made = await makeTunnelCerts(onTestFinished)
    const server = await startTestServer(made)
    onTestFinished(() => server.close(0))
    const web = await startWeb((request, response) => response.end(`host saw ${request.url}`))
    const port = await freePort()

    const settings = join(context, 'settings')
    await mkdir(settings)
    await chmod(settings, 0o755)
    const files = { 'ca.pem': made.ca, 'cert.pem': made.agent.cert, 'key.pem': made.agent.key }
    for (const [name, from] of Object.entries(files)) {
      await copyFile(from, join(settings, name))
      await chmod(join(settings, name), 0o600)
      await chown(join(settings, name), USER, USER)
    }
    const mtls = { server: `127.0.0.1:${server.port}`, ca: '~/ca.pem', cert: '~/cert.pem', key: '~/key.pem' }
    const profile = {
      agent: { listen: `127.0.0.1:${port}` },
      relay: { url: `http://127.0.0.1:${await freePort()}` },
      egress: { use: 'mtls', mtls, connectPorts: [web] },
    }
    await writeFile(join(settings, 'settings.json'), JSON.stringify({ profiles: [profile] }))

    const engine = await startDocker()
    onTestFinished(() => engine.close())
    const { docker } = engine
    await importNodeImage(engine, 'node-alone')
    const file = `${context}/docker/agent.Dockerfile`
    await docker('build', '--build-arg', 'BASE=node-alone', '-f', file, '-t', 'agent', context)
    expect(await ownLayerBytes(engine, 'agent', 'node-alone')).toBeLessThan(MOST_OWN_LAYER_BYTES)

    // As it is documented: the agent listens on loopback alone, so it shares that of whoever uses it.
    await docker(
      ...['run', '-d', '--name', 'agent', '--network=host', '-v', `${settings}:/settings:ro`, '--read-only'],
      ...['--cap-drop=ALL', '--tmpfs=/tmp', '--security-opt=no-new-privileges', '--health-interval=1s'],
      ...['-e', `AGENT_PORT=${port}`, 'agent'],
    )
    onTestFinished(async () => {
      await docker('rm', '-f', 'agent').catch(() => undefined)
    })
    const health = () => docker('inspect', '-f', '{{.State.Health.Status}}', 'agent')
    const isHealthy = await waitUntil(async () => (await health()) === 'healthy', 60_000, 250)
    expect({ isHealthy, log: isHealthy ? '' : await docker('logs', 'agent') }).toEqual({
      isHealthy: true,
      log: '',
    })
    const inside = (code: string) => docker('exec', 'agent', 'node', '-e', code)
    expect(await inside('console.log(process.getuid())')).toBe(String(USER))

    const through = `http://127.0.0.1:${web}`
    expect(await curl(port, `${through}/plain`)).toBe('host saw /plain 200')
    expect(await curl(port, `${through}/connect`, '--proxytunnel')).toBe('host saw /connect 200')
    expect(server.meters.streamsTotal).toBe(2)
    const said = (await (await fetch(`http://127.0.0.1:${port}/agent/health`)).json()) as object
    expect(said).toMatchObject({ connected: true, server_addr: mtls.server, proxy_port: port })
    const status = await docker('exec', 'agent', 'node', '/app/sovereign.mjs', 'status', '--json')
    expect(JSON.parse(status)).toMatchObject({ egress: { tunnel: { phase: 'connected' } } })
    // A link to the dashboard would let in whoever reads the log.
    expect(await docker('logs', 'agent')).not.toMatch(/http:\/\/\S+[?#]/)

    await docker('stop', '-t', '20', 'agent')
    // 137 would mean that SIGTERM was ignored and it had to be killed.
    expect(await docker('inspect', '-f', '{{.State.ExitCode}}', 'agent')).toBe('0')
  },
)
