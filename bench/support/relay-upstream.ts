/**
 * GitHub and Copilot for bench/relay.ts in a process of their own. A prompt that says "paced" is streamed slowly,
 * so that many streams are open at once. Prints its addresses and the GitHub token as JSON.
 */
import { startFakeCopilot } from '../../test/support/upstreams/fake-copilot.ts'
import { startFakeGithub } from '../../test/support/upstreams/fake-github.ts'
import { lastUserText } from '../../test/support/upstreams/reply.ts'

const copilot = await startFakeCopilot({
  keepRequests: false,
  respond: ({ json }) =>
    lastUserText(json) === 'paced'
      ? { text: 'word '.repeat(20), chunkDelayMs: 50 }
      : { text: 'four words of answer' },
})
const github = await startFakeGithub({ copilotApiUrl: copilot.url })
console.log(JSON.stringify({ copilot: copilot.url, github: github.url, token: github.oauthToken }))
