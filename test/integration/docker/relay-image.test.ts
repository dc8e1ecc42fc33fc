import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { buildEdition } from '../../../scripts/build.ts'
import { MOST_OWN_LAYER_BYTES, ownLayerBytes } from '../../support/image-layers.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { dockerObstacle, importNodeImage, startDocker } from '../../support/start-docker.ts'
import { waitUntil } from '../../support/start-sshd.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const obstacle = dockerObstacle()
if (obstacle !== undefined) console.warn(`SKIPPED: no container is run, because ${obstacle}.`)

test.skipIf(obstacle !== undefined)(
  'the image turns healthy as an ordinary user on a read-only root, keeps its data and stops on SIGTERM',
  { timeout: 180_000 },
  async () => {
    const context = await makeTempDir('context-')
    await cp(join(ROOT, 'docker'), join(context, 'docker'), { recursive: true })
    await buildEdition('sovereign-relay', join(context, 'dist/sovereign-relay.mjs'))
    const engine = await startDocker()
    onTestFinished(() => engine.close())
    const { docker } = engine
    await importNodeImage(engine, 'node-alone')
    await docker(
      'build',
      '--build-arg',
      'BASE=node-alone',
      '-f',
      `${context}/docker/Dockerfile`,
      '-t',
      'relay',
      context,
    )
    expect(await ownLayerBytes(engine, 'relay', 'node-alone')).toBeLessThan(MOST_OWN_LAYER_BYTES)

    // The hardening of compose.yaml. No network: a container always has its own loopback.
    const hardening = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--tmpfs=/tmp']
    await docker(
      ...['run', '-d', '--name', 'relay', '--network=none', '-v', 'relay-data:/data', ...hardening],
      ...['--health-interval=1s', 'relay'],
    )
    onTestFinished(async () => {
      await docker('rm', '-f', 'relay').catch(() => undefined)
    })
    const health = () => docker('inspect', '-f', '{{.State.Health.Status}}', 'relay')
    const isHealthy = await waitUntil(async () => (await health()) === 'healthy', 60_000, 250)
    expect({ isHealthy, log: isHealthy ? '' : await docker('logs', 'relay') }).toEqual({
      isHealthy: true,
      log: '',
    })

    const inside = (code: string) => docker('exec', 'relay', 'node', '-e', code)
    expect(await inside('console.log(process.getuid())')).toBe('10001')
    expect(await inside("try { fs.writeFileSync('/app/x', '') } catch (e) { console.log(e.code) }")).toBe(
      'EROFS',
    )
    // A sign-in replaces config.json through a temporary file beside it.
    await inside(
      "fs.writeFileSync('/data/config.json.new', '{}'); fs.renameSync('/data/config.json.new', '/data/config.json')",
    )

    await docker('stop', '-t', '20', 'relay')
    // 137 would mean that SIGTERM was ignored and it had to be killed.
    expect(await docker('inspect', '-f', '{{.State.ExitCode}}', 'relay')).toMatch(/^(?:0|143)$/)
  },
)
