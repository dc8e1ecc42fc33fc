import { ECSClient } from '@aws-sdk/client-ecs'
import { wakeRequest } from '../../shared/protocol/control.ts'
import { clientOptions } from '../aws/clients.ts'
import { ecsService } from '../aws/ecs-service.ts'
import type { FunctionEnvironment } from '../environment.ts'
import { createHandler, type FunctionHandler, type FunctionTools, lazyHandler } from '../handler.ts'
import { wake } from './core.ts'

export function wakeHandler(environment: FunctionEnvironment, tools: FunctionTools = {}): FunctionHandler {
  const { access = {}, now = Date.now } = tools
  const { cluster, service: name, maxLifetimeMs: leaseMs } = environment
  const ecs = new ECSClient(clientOptions(access))
  const service = ecsService(ecs, cluster, name)
  return createHandler(
    wakeRequest,
    environment,
    ({ owner = 'unnamed' }, caller) =>
      wake({ caller, owner, cluster, service: name, leaseMs }, service, now()),
    tools,
  )
}

export const handler = lazyHandler(wakeHandler)
