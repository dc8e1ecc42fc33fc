import { TUNNEL_METRICS } from '../../src/shared/protocol/tunnel-metrics.ts'
import type { MtlsSettings } from '../../src/shared/settings/egress.ts'
import { emitCloudWatch } from '../../src/tunnel-server/cloud-watch.ts'
import { freePort } from './free-port.ts'
import { makeTunnelCerts, SERVER_NAME, startTestServer, type TestServer } from './start-tunnel.ts'
import { type FakeAws, type FakeAwsOptions, startFakeAws } from './upstreams/fake-aws.ts'

export interface WakeableTunnel {
  readonly aws: FakeAws
  readonly settings: MtlsSettings
  /** The server, while a task runs it. */
  readonly server: TestServer | undefined
  /** Times of `performance.now()` at which a server was there. */
  readonly upAt: readonly number[]
  /** Reports for the minute that ends now what went through the server since the last time, as it does itself. */
  report(): void
}

/**
 * A real tunnel server that runs while a task of a stand-in for AWS does. Whoever uses it signs with the credentials
 * of the environment.
 */
export async function startWakeableTunnel(
  teardown: (close: () => Promise<void>) => void,
  options: FakeAwsOptions = {},
): Promise<WakeableTunnel> {
  const certs = await makeTunnelCerts(teardown)
  const port = await freePort()
  const upAt: number[] = []
  let server: TestServer | undefined
  let lines: string[] = []
  let endMetrics: (() => void) | undefined
  let emit: () => void = () => undefined
  const start = async () => {
    server = await startTestServer(certs, { port })
    upAt.push(performance.now())
    const { meters } = server
    emit = () => {
      // Its first line after a start says what came in between, so each look is a start of its own.
      endMetrics?.()
      endMetrics = emitCloudWatch(
        {
          namespace: TUNNEL_METRICS.namespace,
          clusterName: aws.ecs.cluster,
          serviceName: aws.ecs.service,
          intervalMs: 60_000,
          write: (line) => lines.push(line),
        },
        meters,
        { now: options.now ?? Date.now },
      )
    }
    emit()
  }
  const stop = async () => {
    const ending = server
    server = undefined
    endMetrics?.()
    endMetrics = undefined
    await ending?.close(0)
  }
  const aws = await startFakeAws({
    port,
    onRunning: () => void start(),
    onStopped: () => void stop(),
    ...options,
  })
  teardown(async () => {
    await stop()
    await aws.close()
  })
  const settings: MtlsSettings = {
    ca: certs.ca,
    cert: certs.agent.cert,
    key: certs.agent.key,
    serverName: SERVER_NAME,
    protocol: 'h2',
    holdSeconds: 120,
    control: {
      kind: 'aws',
      wake: aws.url('wake'),
      query: aws.url('query'),
      kill: aws.url('kill'),
      region: 'eu-central-1',
    },
  }
  return {
    aws,
    settings,
    upAt,
    get server() {
      return server
    },
    report: () => {
      lines = []
      endMetrics?.()
      endMetrics = undefined
      const [line] = lines
      if (line !== undefined) aws.report(valuesOf(line))
      emit()
    },
  }
}

/** What CloudWatch takes out of a line. */
function valuesOf(line: string): { bytes: number; requests: number; activeConnections: number } {
  const values: Record<string, number> = JSON.parse(line)
  const { bytes, requests, activeConnections } = TUNNEL_METRICS
  return {
    bytes: values[bytes] ?? Number.NaN,
    requests: values[requests] ?? Number.NaN,
    activeConnections: values[activeConnections] ?? Number.NaN,
  }
}
