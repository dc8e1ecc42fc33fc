import { onTestFinished } from 'vitest'
import { startTestRelay, type TestRelay, type TestRelayOptions } from './start-relay.ts'

/** A relay that ends with the test. */
export async function startOwnRelay(options?: TestRelayOptions): Promise<TestRelay> {
  const relay = await startTestRelay(options)
  onTestFinished(() => relay.close())
  return relay
}
