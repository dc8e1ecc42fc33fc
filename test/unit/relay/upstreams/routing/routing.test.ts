import { expect, test } from 'vitest'
import { Routing } from '../../../../../src/relay/upstreams/routing/routing.ts'
import type { Upstream } from '../../../../../src/relay/upstreams/upstream.ts'
import { WIRES, type Wire } from '../../../../../src/relay/upstreams/wires.ts'
import { AppError } from '../../../../../src/shared/errors/app-error.ts'

function upstream(id: string, wires: readonly Wire[] = WIRES, problem?: AppError): Upstream {
  return {
    ...{ id, name: id, problem },
    wiresOf: () => wires,
    infer: async () => undefined,
    models: async () => ({ models: [], ageMs: 0 }),
  }
}

const ALL = [upstream('copilot'), upstream('openrouter'), upstream('box'), upstream('qwen')]

function routing(
  defaultUpstream = 'copilot',
  fallbacks: Readonly<Record<string, readonly string[]>> = {},
  all: readonly Upstream[] = ALL,
): Routing {
  return new Routing({ defaultUpstream, fallbacks }, () => all)
}

const named = (router: Routing, name: string): string[] => {
  const { upstream: found, model } = router.resolve(name)
  return [found.id, model]
}

test.each([
  ['gpt-4.1', 'copilot', 'gpt-4.1'],
  ['box/Qwen/Qwen3-32B', 'box', 'Qwen/Qwen3-32B'],
  ['copilot/gpt-4.1', 'copilot', 'gpt-4.1'],
  ['openrouter/deepseek/deepseek-v3.2', 'openrouter', 'deepseek/deepseek-v3.2'],
  ['deepseek/deepseek-v3.2', 'copilot', 'deepseek/deepseek-v3.2'],
  ['Box/x', 'copilot', 'Box/x'],
  ['constructor/x', 'copilot', 'constructor/x'],
  ['__proto__/x', 'copilot', '__proto__/x'],
  ['/x', 'copilot', '/x'],
  ['box/', 'box', ''],
  ['', 'copilot', ''],
])('the model "%s" is of %s, which calls it "%s"', (name, id, model) => {
  expect(named(routing(), name)).toEqual([id, model])
})

test('a name in a list always leads back to the model that it stands for', () => {
  const models = ['gpt-4.1', 'openrouter/auto', 'qwen/qwen3-8b', 'box/x', 'deepseek/v3', 'a/b/c']
  for (const { id } of ALL) {
    const router = routing(id)
    const names = ALL.flatMap((owner) => models.map((model) => ({ owner, model })))
    for (const { owner, model } of names)
      expect(named(router, router.nameOf({ upstream: owner, model }))).toEqual([owner.id, model])
    expect(router.nameOf({ upstream: router.default, model: 'gpt-4.1' })).toBe('gpt-4.1')
  }
})

function standIns(
  name: string,
  fallbacks: Readonly<Record<string, readonly string[]>>,
  wire: Wire = 'chat',
  all = ALL,
): string[] {
  const router = routing('copilot', fallbacks, all)
  return router.fallbacksOf(router.resolve(name), wire).map(({ upstream: { id }, model }) => `${id} ${model}`)
}

test('the fallbacks of a model count by either of its names', () => {
  expect(standIns('gpt-4.1', { 'copilot/gpt-4.1': ['box/m'] })).toEqual(['box m'])
  expect(standIns('copilot/gpt-4.1', { 'gpt-4.1': ['box/m', 'gpt-5'] })).toEqual(['box m', 'copilot gpt-5'])
  expect(standIns('box/m', { m: ['box/n'] })).toEqual([])
})

test('the fallbacks of all others stand in for text only, and not for a model that has its own', () => {
  const fallbacks = { '*': ['box/m'], 'gpt-5': ['qwen/q'] }
  expect(standIns('gpt-4.1', fallbacks)).toEqual(['box m'])
  expect(standIns('gpt-5', fallbacks)).toEqual(['qwen q'])
  expect(standIns('box/m', fallbacks)).toEqual([])
  expect(standIns('gpt-4.1', fallbacks, 'embeddings')).toEqual([])
  expect(standIns('', fallbacks)).toEqual([])
})

test('who cannot answer does not stand in, and nobody does so twice', () => {
  const signedOut = new AppError('relay.signed-out', 'Out.')
  const all = [upstream('copilot'), upstream('box', ['chat']), upstream('out', WIRES, signedOut)]
  const fallbacks = { a: ['box/m', 'nowhere/m', 'out/m', 'copilot/a', 'box/m', 'b'] }
  expect(standIns('a', fallbacks, 'chat', all)).toEqual(['box m', 'copilot b'])
  expect(standIns('a', fallbacks, 'messages', all)).toEqual(['copilot b'])
  expect(routing('copilot', fallbacks, all).strayFallbacks()).toEqual(['nowhere/m'])
})

test('a default that is no upstream is a mistake in the configuration, in words', () => {
  expect(() => routing('bxo').checkDefault()).toThrow(
    'routing.default names no upstream: "bxo"; known: copilot, openrouter, box, qwen.',
  )
})
