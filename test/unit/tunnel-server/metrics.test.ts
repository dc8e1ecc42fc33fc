import { expect, onTestFinished, test, vi } from 'vitest'
import { emitCloudWatch } from '../../../src/tunnel-server/cloud-watch.ts'
import { Meters } from '../../../src/tunnel-server/meters.ts'
import { metricsText } from '../../../src/tunnel-server/metrics-text.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { parseMetrics } from '../../support/parse-metrics.ts'

test('CloudWatch gets lines in its embedded format, with what has changed since the last', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const ambient = fakeAmbient('2026-11-21T12:00:00.000Z')
  const meters = new Meters(ambient)
  const lines: Record<string, unknown>[] = []
  const options = { namespace: 'N', serviceName: 's', clusterName: 'c', intervalMs: 60_000 }
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  const end = emitCloudWatch({ ...options, write }, meters, ambient)
  meters.connectionOpened()
  ambient.pass(30_000)
  meters.streamOpened()
  meters.addBytes(10, 20)
  ambient.pass(30_000)
  vi.advanceTimersByTime(60_000)
  meters.addBytes(1, 0)
  end()
  end()
  expect(lines.map((line) => [line.ActiveConnections, line.BytesTransferred, line.Requests])).toEqual([
    [0, 0, 0],
    [1, 30, 1],
    [1, 1, 0],
  ])
  expect(lines[1]).toMatchObject({
    _aws: {
      Timestamp: Date.parse('2026-11-21T12:01:00.000Z'),
      CloudWatchMetrics: [
        {
          Namespace: 'N',
          Dimensions: [['ServiceName', 'ClusterName']],
          Metrics: [
            { Name: 'ActiveConnections', Unit: 'Count' },
            { Name: 'BytesTransferred', Unit: 'Bytes' },
            { Name: 'Requests', Unit: 'Count' },
            { Name: 'LastActivityEpochSeconds', Unit: 'Seconds' },
          ],
        },
      ],
    },
    ServiceName: 's',
    ClusterName: 'c',
    LastActivityEpochSeconds: Date.parse('2026-11-21T12:00:30.000Z') / 1000,
  })
})

test('Prometheus gets text that a strict reader takes', () => {
  const ambient = fakeAmbient()
  const meters = new Meters(ambient)
  meters.refuse('tls')
  meters.refuse('tls')
  meters.refuse('full')
  const counters = meters.spliceCounters()
  counters.aToB += 5
  counters.aToB += 5
  counters.bToA += 7
  const view = {
    meters,
    ambient,
    maxConnections: 9,
    isDraining: () => false,
    certificateExpiresAt: () => 1000,
  }
  const samples = parseMetrics(metricsText(view))
  const value = (name: string, reason?: string) =>
    samples.find((one) => one.name === `sovereign_tunnel_${name}` && one.labels.reason === reason)?.value
  expect(value('received_bytes_total')).toBe(10)
  expect(value('sent_bytes_total')).toBe(7)
  expect(value('handshakes_refused_total', 'tls')).toBe(2)
  expect(value('connections_max')).toBe(9)
})
