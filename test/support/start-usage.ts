import { onTestFinished } from 'vitest'
import { createLogger } from '../../src/node/log.ts'
import type { RequestFacts, RequestOutcome } from '../../src/relay/usage/recorder.ts'
import { openUsage, type Usage } from '../../src/relay/usage/usage-store.ts'
import { type FakeAmbient, fakeAmbient } from './fake-ambient.ts'
import { type BodyShape, type BodyUsage, makeBody } from './make-body.ts'
import { makeTempDir } from './make-temp-dir.ts'

export const SILENT = createLogger('test', 'silent')

export const makeDir = () => makeTempDir('usage-')

/** A usage store on a real database, closed when the test ends. */
export function startUsage(dir: string, ambient: FakeAmbient = fakeAmbient()): Usage {
  const usage = openUsage({ dir, ambient, log: SILENT, authenticated: () => true })
  onTestFinished(() => usage.close())
  return usage
}

export const FACTS: RequestFacts = {
  upstream: 'copilot',
  endpoint: '/chat/completions',
  model: 'claude-sonnet-4.5',
  client: 'unknown',
  stream: true,
  initiator: 'user',
}

export interface Sent {
  readonly facts?: Partial<RequestFacts>
  readonly status?: number
  readonly shape?: BodyShape
  readonly usage?: BodyUsage
  readonly outcome?: RequestOutcome
}

/** One whole request through the recorder. */
export function send(usage: Usage, sent: Sent = {}): void {
  const record = usage.recorder.begin({ ...FACTS, ...sent.facts })
  const { contentType, text } = makeBody(
    sent.shape ?? 'chat',
    sent.usage ?? { input: 10, cached: 2, output: 5 },
  )
  record.onResponse(sent.status ?? 200, { 'content-type': contentType })
  record.onBody(Buffer.from(text))
  record.finish(sent.outcome ?? 'completed')
}

/** Polls, since the store writes by its own timer. */
export async function until(condition: () => boolean, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition did not come true in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
