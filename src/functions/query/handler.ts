import { EC2Client } from '@aws-sdk/client-ec2'
import { ECSClient } from '@aws-sdk/client-ecs'
import { queryRequest } from '../../shared/protocol/control.ts'
import { clientOptions } from '../aws/clients.ts'
import { ec2Addresses } from '../aws/ec2-addresses.ts'
import { ecsService } from '../aws/ecs-service.ts'
import { ecsTasks } from '../aws/ecs-tasks.ts'
import type { FunctionEnvironment } from '../environment.ts'
import { BadRequest } from '../faults.ts'
import { createHandler, type FunctionHandler, type FunctionTools, lazyHandler } from '../handler.ts'
import { query } from './core.ts'

export function queryHandler(environment: FunctionEnvironment, tools: FunctionTools = {}): FunctionHandler {
  const { access = {} } = tools
  const { cluster, service: name, port, maxLifetimeMs } = environment
  const ecs = new ECSClient(clientOptions(access))
  const parts = {
    service: ecsService(ecs, cluster, name),
    tasks: ecsTasks(ecs, cluster, name),
    addresses: ec2Addresses(new EC2Client(clientOptions(access))),
    port,
    maxLifetimeMs,
  }
  return createHandler(
    queryRequest,
    environment,
    async ({ instance_id: id }) => {
      // Both names may have dashes, so an id is compared and not taken apart.
      if (id !== undefined && !id.startsWith(`${cluster}-${name}-`))
        throw new BadRequest('Invalid request format')
      return await query(parts)
    },
    tools,
  )
}

export const handler = lazyHandler(queryHandler)
