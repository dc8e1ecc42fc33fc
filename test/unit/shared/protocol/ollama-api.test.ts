import { expect, test } from 'vitest'
import { isCloudName } from '../../../../src/shared/protocol/ollama-api.ts'

test.each(['glm-4.6:cloud', 'glm-4.6:Cloud', 'gpt-oss:120b-cloud', 'acme/gpt-oss:120B-CLOUD'])(
  '%s is answered at ollama.com',
  (name) => {
    expect(isCloudName(name)).toBe(true)
  },
)

test.each(['my-cloud', 'cloud', 'acme/on-cloud', 'qwen3:8b', 'registry:5000/on-cloud', 'cloud:8b'])(
  '%s stays on the machine, as far as its name says',
  (name) => {
    expect(isCloudName(name)).toBe(false)
  },
)
