import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WaysOut } from '../../../src/main/egress/ways-out.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { createLogger } from '../../../src/node/log.ts'
import { egressSettings } from '../../../src/shared/settings/egress.ts'
import type { TunnelState } from '../../../src/shared/state/egress.ts'
import { startTcpServer } from '../../support/make-link.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { startLaptopTunnel } from '../../support/start-laptop-tunnel.ts'

test('a change of other settings leaves the tunnel, what goes through it and its server alone', async () => {
  const folder = await makeTempDir('ways-')
  const target = await startTcpServer((socket) => socket.pipe(socket), onTestFinished)
  const world = await startLaptopTunnel()
  const told: TunnelState['phase'][] = []
  const open = (bypass: string[], before?: WaysOut): WaysOut => {
    const settings = {
      ...egressSettings.parse({}),
      use: 'mtls' as const,
      mtls: { ...world.settings },
      bypass,
    }
    const ways = new WaysOut({
      ...{ settings, before, owner: () => 'laptop', historyFile: join(folder, 'wake.json') },
      ...{ ownListeners: () => [], ambient: REAL_AMBIENT, log: createLogger('test', 'silent') },
      onTunnel: ({ phase }) => void (before === undefined || told.push(phase)),
    })
    onTestFinished(() => ways.close(0))
    return ways
  }
  const first = open([])
  const tunnel = first.choose('127.0.0.1')
  if (tunnel === 'deny') throw new Error('no way out')
  const stream = await tunnel.connect({ host: '127.0.0.1', port: target.port }, new AbortController().signal)
  const second = open(['example.org'], first)
  await first.close(0)
  expect(second.choose('127.0.0.1')).toBe(tunnel)
  expect(first.choose('127.0.0.1')).toBe(tunnel)
  expect(second.tunnelState.phase).toBe('connected')
  stream.write('still here')
  expect(String((await once(stream, 'data'))[0])).toBe('still here')
  stream.destroy()
  await second.close(0)
  expect(told).toContain('killing')
})
