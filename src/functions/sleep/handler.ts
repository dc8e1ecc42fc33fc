import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { ECSClient } from '@aws-sdk/client-ecs'
import { sleepRequest } from '../../shared/protocol/control.ts'
import { clientOptions } from '../aws/clients.ts'
import { cloudwatchTraffic } from '../aws/cloudwatch-traffic.ts'
import { ecsService } from '../aws/ecs-service.ts'
import type { FunctionEnvironment } from '../environment.ts'
import { createHandler, type FunctionHandler, type FunctionTools, lazyHandler } from '../handler.ts'
import { sleep } from './core.ts'

const MINUTE_MS = 60_000

export function sleepHandler(environment: FunctionEnvironment, tools: FunctionTools = {}): FunctionHandler {
  const { access = {}, now = Date.now } = tools
  const { cluster, service: name, metricsNamespace: namespace, maxLifetimeMs } = environment
  const service = ecsService(new ECSClient(clientOptions(access)), cluster, name)
  const cloudwatch = new CloudWatchClient(clientOptions(access))
  const traffic = cloudwatchTraffic(cloudwatch, { namespace, cluster, service: name })
  return createHandler(
    sleepRequest,
    environment,
    async (request) => {
      const { idle_threshold_mins: idle, lookback_period_mins: lookback } = request
      const idleMs = idle === undefined ? environment.idleMs : idle * MINUTE_MS
      const lookbackMs = lookback === undefined ? idleMs : lookback * MINUTE_MS
      return await sleep({ idleMs, lookbackMs, maxLifetimeMs }, service, traffic, now())
    },
    tools,
  )
}

export const handler = lazyHandler(sleepHandler)
