import { expect, onTestFinished, test } from 'vitest'
import { makeBareMachine } from '../../../support/bare-machine.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import { OPENROUTER_KEY } from '../../../support/start-relay.ts'

test.each([
  ['Copilot and OpenRouter', {}],
  ['OpenRouter only', { signedIn: false, config: { openrouter_api_key: OPENROUTER_KEY } }],
] as const)('the chat that --verify-chat tries is answered by a relay with %s', async (_name, options) => {
  const relay = await startOwnRelay(options)
  const machine = await makeBareMachine()
  onTestFinished(() => machine.remove())
  const { code, stdout, stderr } = await machine.run(
    `curl -fsSL ${relay.url}/setup | bash -s -- --verify-chat`,
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('Checked: a chat request was answered.')
})
