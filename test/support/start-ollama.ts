import { onTestFinished } from 'vitest'
import { type FakeOllama, type FakeOllamaOptions, startFakeOllama } from './upstreams/fake-ollama.ts'

/** An Ollama that ends with the test. */
export async function startOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const ollama = await startFakeOllama(options)
  onTestFinished(() => ollama.close())
  return ollama
}
