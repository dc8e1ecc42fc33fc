import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findCycle, importsOf, sourceFiles, violation } from '../../../scripts/layers.ts'

const SRC = fileURLToPath(new URL('../../../src', import.meta.url))

test('every import in src obeys the table of layers', () => {
  const files = sourceFiles(SRC)
  expect(files.length).toBeGreaterThan(20)
  const violations = files.flatMap((file) => importsOf(SRC, file)).flatMap((found) => violation(found) ?? [])
  expect(violations).toEqual([])
})

test('no files in src import each other in a ring', () => {
  expect(findCycle(SRC)).toEqual([])
})

test.each([
  ['shared/state/link.ts', 'node:fs', undefined, 'must run without Node'],
  ['main/bridge/bridge.ts', 'electron', undefined, 'imports electron'],
  ['main/bridge/bridge.ts', 'react', undefined, 'only the renderer'],
  ['main/bridge/bridge.ts', './x', 'relay/server/route.ts', 'may import only'],
  ['relay/server/server.ts', './x', 'main/ssh/link.ts', 'may import only'],
  ['renderer/app.tsx', './x', 'node/log.ts', 'may import only'],
  ['shared/state/link.ts', './x', 'node/log.ts', 'may import only itself'],
  ['nowhere/x.ts', './y', 'shared/y.ts', 'lies in no layer'],
])('%s importing %s (%s) is refused', (from, specifier, target, reason) => {
  expect(violation({ from, specifier, target })).toContain(reason)
})

test.each([
  ['main/bridge/embedded-relay.ts', './x', 'relay/relay.ts'],
  ['main/desktop/tray.ts', 'electron', undefined],
  ['preload/index.ts', 'electron', undefined],
  ['cli/main.ts', './x', 'main/headless.ts'],
])('%s importing %s (%s) is allowed', (from, specifier, target) => {
  expect(violation({ from, specifier, target })).toBeUndefined()
})
