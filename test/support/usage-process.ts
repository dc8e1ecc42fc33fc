import { REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger } from '../../src/node/log.ts'
import { openUsage } from '../../src/relay/usage/usage-store.ts'

/**
 * A relay's accounting in a process of its own, to be killed: `node usage-process.ts DIR`. Ends 50 requests,
 * leaves one open, says so when all of it is on disk, and stays.
 */
const usage = openUsage({
  dir: process.argv[2] ?? '.',
  ambient: REAL_AMBIENT,
  log: createLogger('test', 'silent'),
})
const facts = {
  upstream: 'copilot',
  endpoint: '/chat/completions',
  model: 'gpt-4.1',
  client: 'vm',
  stream: false,
  initiator: 'user',
} as const
for (let index = 0; index < 50; index += 1) {
  const record = usage.recorder.begin(facts)
  record.onResponse(200, { 'content-type': 'application/json' })
  record.onBody(Buffer.from('{"usage":{"prompt_tokens":3,"completion_tokens":1}}'))
  record.finish('completed')
}
usage.recorder.begin(facts)
setInterval(() => {
  if (usage.summary().storage.unsaved === 0) process.stdout.write('stored\n')
}, 50)
