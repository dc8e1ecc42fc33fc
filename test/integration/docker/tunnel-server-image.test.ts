import { chmod, chown, copyFile, cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { buildEdition } from '../../../scripts/build.ts'
import { freePort } from '../../support/free-port.ts'
import { MOST_OWN_LAYER_BYTES, ownLayerBytes } from '../../support/image-layers.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { dockerObstacle, importNodeImage, startDocker } from '../../support/start-docker.ts'
import { startEcho } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { AGENT_RULE, makeTestAgent, makeTunnelCerts } from '../../support/start-tunnel.ts'
import { echoed } from '../../support/through-tunnel.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const obstacle = dockerObstacle()
if (obstacle !== undefined) console.warn(`SKIPPED: no container is run, because ${obstacle}.`)

test.skipIf(obstacle !== undefined)(
  'the image of the tunnel server takes bytes through as an ordinary user on a read-only root and stops on SIGTERM',
  { timeout: 180_000 },
  async () => {
    const context = await makeTempDir('context-')
    await cp(join(ROOT, 'docker'), join(context, 'docker'), { recursive: true })
    await copyFile(join(ROOT, '.dockerignore'), join(context, '.dockerignore'))
    await buildEdition('sovereign-tunnel-server', join(context, 'dist/sovereign-tunnel-server.mjs'))
    const made = await makeTunnelCerts((close) => onTestFinished(close))
    const certs = join(context, 'certs')
    await mkdir(certs)
    const files = {
      'cert.pem': made.server.cert,
      'key.pem': made.server.key,
      'ca.pem': made.ca,
      'crl.pem': made.crl,
    }
    for (const [name, from] of Object.entries(files)) {
      await copyFile(from, join(certs, name))
      await chmod(join(certs, name), 0o600)
      await chown(join(certs, name), 10_001, 10_001)
    }
    const engine = await startDocker()
    onTestFinished(() => engine.close())
    const { docker } = engine
    await importNodeImage(engine, 'node-alone')
    const file = `${context}/docker/tunnel-server.Dockerfile`
    await docker('build', '--build-arg', 'BASE=node-alone', '-f', file, '-t', 'tunnel-server', context)
    expect(await ownLayerBytes(engine, 'tunnel-server', 'node-alone')).toBeLessThan(MOST_OWN_LAYER_BYTES)

    const start = (network: 'none' | 'host', ...more: readonly string[]) =>
      docker(
        ...['run', '-d', '--name', 'tunnel', `--network=${network}`, '--read-only', '--cap-drop=ALL'],
        ...[
          '--tmpfs=/tmp',
          '--security-opt=no-new-privileges',
          '--health-interval=1s',
          '-v',
          `${certs}:/certs:ro`,
        ],
        ...[...more, 'tunnel-server'],
      )
    // Nobody is let in by default.
    await start('none')
    expect(await docker('wait', 'tunnel')).toBe('1')
    expect(await docker('logs', 'tunnel')).toMatch(/"allow" is empty/)
    await docker('rm', '-f', 'tunnel')

    await start('none', '-e', `FLUIDITY_ALLOW=${AGENT_RULE}`)
    onTestFinished(async () => {
      await docker('rm', '-f', 'tunnel').catch(() => undefined)
    })
    const health = () => docker('inspect', '-f', '{{.State.Health.Status}}', 'tunnel')
    const turnsHealthy = async () => {
      const isHealthy = await waitUntil(async () => (await health()) === 'healthy', 60_000, 250)
      const log = isHealthy ? '' : await docker('logs', 'tunnel')
      expect({ isHealthy, log }).toEqual({ isHealthy: true, log: '' })
    }
    await turnsHealthy()
    const inside = (code: string) => docker('exec', 'tunnel', 'node', '-e', code)
    expect(await inside('console.log(process.getuid())')).toBe('10001')
    expect(await docker('logs', 'tunnel')).toMatch(
      /Tunnel server on 0\.0\.0\.0:8443 for sovereign:\/\/agent\/\*/,
    )
    const stops = async () => {
      await docker('stop', '-t', '20', 'tunnel')
      // 137 would mean that SIGTERM was ignored and it had to be killed.
      expect(await docker('inspect', '-f', '{{.State.ExitCode}}', 'tunnel')).toBe('0')
    }
    await stops()

    // The engine of the test has no bridge, so the container that bytes go through has the network of this machine.
    await docker('rm', '-f', 'tunnel')
    const [port, healthPort, echo] = [await freePort(), await freePort(), await startEcho()]
    const env = {
      ALLOW: AGENT_RULE,
      ALLOW_PRIVATE: '127.0.0.1',
      LISTEN_ADDR: '127.0.0.1',
      LISTEN_PORT: port,
      HEALTH_PORT: healthPort,
    }
    await start('host', ...Object.entries(env).flatMap(([key, value]) => ['-e', `FLUIDITY_${key}=${value}`]))
    await turnsHealthy()
    const agent = makeTestAgent(made, { port })
    onTestFinished(() => agent.egress.close(0))
    const text = 'there and back. '.repeat(100_000)
    expect((await echoed(agent, echo, text)) === text).toBe(true)
    await agent.egress.close(0)
    await stops()
  },
)
