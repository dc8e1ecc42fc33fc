import { describe, expect, test } from 'vitest'
import { runSovereign } from '../../support/sovereign-process.ts'
import { startOllama } from '../../support/start-ollama.ts'
import type { FakeOllama } from '../../support/upstreams/fake-ollama.ts'

async function warm(ollama: FakeOllama, ...args: string[]): Promise<{ code: unknown; lines: string[] }> {
  const run = runSovereign(['ollama', 'warm', '--url', ollama.url, ...args], {
    // Must not be asked: what goes to this machine goes there straight.
    ...{ HTTP_PROXY: 'http://127.0.0.1:9', NODE_USE_ENV_PROXY: '1' },
  })
  const code = await run.finished
  return {
    code,
    lines: run
      .stdout()
      .split('\n')
      .filter((line) => line !== ''),
  }
}

describe('sovereign ollama warm', () => {
  test('loads a model and tells the time it took and the context that it really has', async () => {
    const ollama = await startOllama({ loaded: [], traps: { contextLength: 65_536 } })
    const { code, lines } = await warm(ollama, 'qwen3:8b')
    expect(code).toBe(0)
    expect(lines).toEqual([
      expect.stringMatching(/^ok +qwen3:8b: context of 65536 tokens.*, loaded in \d+\.\d s$/) as string,
    ])
    expect(ollama.loaded()).toContain('qwen3:8b')
  })

  test('warns of a context in which agents lose the beginning', async () => {
    const { lines } = await warm(
      await startOllama({ loaded: [], traps: { contextLength: 4096 } }),
      'qwen3:8b',
    )
    expect(lines.join('\n')).toMatch(/context of 4096 tokens.*\n.*OLLAMA_CONTEXT_LENGTH/)
  })

  test('goes on after a failure and says with its exit status that there was one', async () => {
    const ollama = await startOllama({ loaded: [] })
    const { code, lines } = await warm(ollama, 'no-such-model', 'gpt-oss:120b-cloud', 'qwen3:8b')
    expect(code).toBe(1)
    expect(lines.filter((line) => /^\S/.test(line)).map((line) => line.split(/\s+/)[0])).toEqual([
      ...['FAILED', 'FAILED', 'ok'],
    ])
    expect(lines.join('\n')).toMatch(/no-such-model is not installed\.\n.*--pull/)
    expect(lines.join('\n')).toContain('runs at ollama.com')
    expect(ollama.loaded()).toEqual(['qwen3:8b'])
  })

  test('pulls what is missing when it is told to, with what is done in lines', async () => {
    const ollama = await startOllama({ loaded: [] })
    const { code, lines } = await warm(ollama, '--pull', 'smollm2:135m')
    expect(lines.filter((line) => line.startsWith('pulling')).length).toBeGreaterThan(1)
    expect(lines.join('\n')).toMatch(/\nok +smollm2:135m: .*pulled, and loaded in/)
    expect(code).toBe(0)
  })

  test('a pull that fails inside of its 200 is a failure', async () => {
    const ollama = await startOllama({
      loaded: [],
      traps: { pullFailure: 'pull model manifest: file does not exist' },
    })
    const { code, lines } = await warm(ollama, '--pull', 'smollm2:135m')
    expect(code).toBe(1)
    expect(lines.join('\n')).toContain('could not be pulled: pull model manifest: file does not exist')
  })

  test('a full queue is told as that', async () => {
    const ollama = await startOllama({ traps: { isQueueFull: true } })
    const { code, lines } = await warm(ollama, 'qwen3:8b', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(lines.join(''))).toMatchObject([{ kind: 'failed', cause: { code: 'ollama.busy' } }])
  })
})
