import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const DEMO = fileURLToPath(new URL('../../../scripts/demo-tunnel.ts', import.meta.url))

test('the demo of the tunnel proves itself and leaves', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [DEMO, '--once'])
  expect(stderr).toBe('')
  expect(stdout).toContain('  This page came through a tunnel with mutual TLS.\n')
  expect(stdout).toMatch(/✓ Tunnel +woken by that request, connected to 127\.0\.0\.1:\d+ over HTTP\/2/)
}, 60_000)
