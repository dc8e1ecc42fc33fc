import { ECSClient } from '@aws-sdk/client-ecs'
import { killRequest } from '../../shared/protocol/control.ts'
import { clientOptions } from '../aws/clients.ts'
import { ecsService } from '../aws/ecs-service.ts'
import { ecsTasks } from '../aws/ecs-tasks.ts'
import type { FunctionEnvironment } from '../environment.ts'
import { createHandler, type FunctionHandler, type FunctionTools, lazyHandler } from '../handler.ts'
import { kill } from './core.ts'

export function killHandler(environment: FunctionEnvironment, tools: FunctionTools = {}): FunctionHandler {
  const { access = {}, now = Date.now } = tools
  const { cluster, service: name, maxLifetimeMs: leaseMs } = environment
  const ecs = new ECSClient(clientOptions(access))
  const service = ecsService(ecs, cluster, name)
  const tasks = ecsTasks(ecs, cluster, name)
  return createHandler(
    killRequest,
    environment,
    ({ owner = 'unnamed' }, caller) => kill({ caller, owner, leaseMs }, service, tasks, now()),
    tools,
  )
}

export const handler = lazyHandler(killHandler)
