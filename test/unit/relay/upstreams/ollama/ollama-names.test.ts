import { expect, test } from 'vitest'
import { isOpenModel } from '../../../../../src/relay/upstreams/ollama/ollama-names.ts'

test.each([
  ['qwen3:8b', 'qwen3:8b', true],
  ['qwen3', 'qwen3:latest', true],
  ['qwen3:latest', 'qwen3', true],
  ['qwen3:8b', 'xqwen3:8b', false],
  ['qwen3.5:8b', 'qwen3x5:8b', false],
  ['qwen3:*', 'qwen3:8b', true],
  ['qwen3:*', 'qwen30:8b', false],
  ['*', 'acme/any:1b', true],
  ['hf.co/*/qwen*:Q4_*', 'hf.co/acme/qwen3-gguf:Q4_K_M', true],
  ['hf.co/*/qwen*:Q4_*', 'hf.co/acme/llama:Q4_K_M', false],
  ['*:8b', 'qwen3:8b', true],
  // What one star stands for is not there for the next one as well.
  ['a:*b*b', 'a:b', false],
  ['a:*ab', 'a:ab', true],
  ['a:b*b', 'a:b', false],
])('"%s" lets "%s" through: %s', (pattern, name, expected) => {
  expect(isOpenModel(name, [pattern])).toBe(expected)
})

test('no name of a client keeps the relay busy, whatever the owner has written', () => {
  const startedAt = performance.now()
  expect(isOpenModel('a'.repeat(160), ['*a*a*a*a*a*b'])).toBe(false)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})
