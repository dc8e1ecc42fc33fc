import { chmod, chown, copyFile, cp, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { buildEdition } from '../../../scripts/build.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { dockerObstacle, importNodeImage, startDocker } from '../../support/start-docker.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { makeTunnelCerts } from '../../support/start-tunnel.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const MOST_BYTES = 60e6
const obstacle = dockerObstacle()
if (obstacle !== undefined) console.warn(`SKIPPED: no container is run, because ${obstacle}.`)

test.skipIf(obstacle !== undefined)(
  'the image of the tunnel server turns healthy as an ordinary user on a read-only root and stops on SIGTERM',
  { timeout: 180_000 },
  async () => {
    const context = await makeTempDir('context-')
    await cp(join(ROOT, 'docker'), join(context, 'docker'), { recursive: true })
    await copyFile(join(ROOT, '.dockerignore'), join(context, '.dockerignore'))
    const { path } = await buildEdition(
      'sovereign-tunnel-server',
      join(context, 'dist/sovereign-tunnel-server.mjs'),
    )
    expect((await stat(path)).size).toBeLessThan(MOST_BYTES)
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

    const start = (...more: readonly string[]) =>
      docker(
        ...[
          'run',
          '-d',
          '--name',
          'tunnel',
          '--network=none',
          '--read-only',
          '--cap-drop=ALL',
          '--tmpfs=/tmp',
        ],
        ...['--security-opt=no-new-privileges', '--health-interval=1s', '-v', `${certs}:/certs:ro`],
        ...[...more, 'tunnel-server'],
      )
    // Nobody is let in by default.
    await start()
    expect(await docker('wait', 'tunnel')).toBe('1')
    expect(await docker('logs', 'tunnel')).toMatch(/"allow" is empty/)
    await docker('rm', '-f', 'tunnel')

    await start('-e', 'FLUIDITY_ALLOW=sovereign://agent/*')
    onTestFinished(async () => {
      await docker('rm', '-f', 'tunnel').catch(() => undefined)
    })
    const health = () => docker('inspect', '-f', '{{.State.Health.Status}}', 'tunnel')
    const isHealthy = await waitUntil(async () => (await health()) === 'healthy', 60_000, 250)
    expect({ isHealthy, log: isHealthy ? '' : await docker('logs', 'tunnel') }).toEqual({
      isHealthy: true,
      log: '',
    })
    const inside = (code: string) => docker('exec', 'tunnel', 'node', '-e', code)
    expect(await inside('console.log(process.getuid())')).toBe('10001')
    expect(await docker('logs', 'tunnel')).toMatch(
      /Tunnel server on 0\.0\.0\.0:8443 for sovereign:\/\/agent\/\*/,
    )
    await docker('stop', '-t', '20', 'tunnel')
    // 137 would mean that SIGTERM was ignored and it had to be killed.
    expect(await docker('inspect', '-f', '{{.State.ExitCode}}', 'tunnel')).toBe('0')
  },
)
