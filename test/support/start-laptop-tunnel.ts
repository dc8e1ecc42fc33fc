import { onTestFinished, vi } from 'vitest'
import type { FakeAwsOptions } from './upstreams/fake-aws.ts'
import { startWakeableTunnel, type WakeableTunnel } from './wakeable-tunnel.ts'

/** A wakeable tunnel for a bridge that has the credentials of a laptop in its environment; ends with the test. */
export async function startLaptopTunnel(options?: FakeAwsOptions): Promise<WakeableTunnel> {
  const secret = 'the secret of the laptop'
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIALAPTOP')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret)
  onTestFinished(() => void vi.unstubAllEnvs())
  const world = await startWakeableTunnel(onTestFinished, options)
  world.aws.addUser('AKIALAPTOP', secret)
  return world
}
