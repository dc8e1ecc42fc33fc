import { writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_WINDOWS, type RunningApp, startApp } from '../../support/start-app.ts'
import { startFakeOpenrouter } from '../../support/upstreams/fake-openrouter.ts'

const KEY = `sk-or-v1-${'7'.repeat(64)}`
const WORDS = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ')

/** An app whose built-in relay has an OpenRouter to stream from, word by word. */
async function startStreamingApp(): Promise<RunningApp> {
  const openrouter = await startFakeOpenrouter({ apiKey: KEY, chunkDelayMs: 60 })
  onTestFinished(() => openrouter.close())
  openrouter.script({ text: WORDS })
  const app = await startApp({
    env: { OPENROUTER_BASE_URL: openrouter.url },
    prepare: (home) => writeFile(join(home, 'relay.json'), JSON.stringify({ openrouter_api_key: KEY })),
  })
  await app.tray.with('built-in relay: connected, openrouter ready')
  return app
}

interface Stream {
  readonly response: IncomingMessage
  text(): string
  readonly ended: Promise<void>
}

/** Begins a chat at the port of this computer, which is a socket file here. */
async function beginChat({ home }: RunningApp): Promise<Stream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(
      {
        socketPath: join(home, 'agent.sock'),
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { host: '127.0.0.1', 'content-type': 'application/json' },
      },
      resolve,
    )
    sent.on('error', reject)
    const messages = [{ role: 'user', content: 'Count.' }]
    sent.end(JSON.stringify({ model: 'openrouter/deepseek/deepseek-chat', stream: true, messages }))
  })
  let text = ''
  response.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  response.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => response.once('close', resolve))
  const stream: Stream = { response, text: () => text, ended }
  await expect.poll(() => text, { timeout: 10_000 }).toContain('word1')
  return stream
}

describe.skipIf(NO_WINDOWS ?? process.platform === 'win32')('an answer that is being streamed', () => {
  test('outlives a page that crashes', async () => {
    const app = await startStreamingApp()
    await app.window()
    const { response, text, ended } = await beginChat(app)
    await app.process.ask('crashPage', 'app://sovereign/#/')
    await ended
    expect([response.complete, text().includes('[DONE]')]).toEqual([true, true])
    await app.window()
  })

  test('is finished before the app quits', async () => {
    const app = await startStreamingApp()
    await app.window()
    const { response, text, ended } = await beginChat(app)
    const code = await app.quit()
    await ended
    expect([code, response.complete, text().includes('[DONE]')]).toEqual([0, true, true])
  })
})
