import type { JobOrder } from '../../../shared/bridge-api/calls.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import type { Carried } from './carried.ts'
import { planInstallRelay } from './install-relay.ts'
import type { JobPlan } from './job-plan.ts'
import { planSetUpClient } from './set-up-client.ts'
import { planTestClient } from './test-client.ts'
import { planTestRelay } from './test-relay.ts'

export function planJob(core: BridgeCore, order: JobOrder, carried: Carried): JobPlan {
  switch (order.kind) {
    case 'test-relay':
      return planTestRelay(core, order, carried)
    case 'install-relay':
      return planInstallRelay(core, order, carried)
    case 'test-client':
      return planTestClient(core, order)
    case 'set-up-client':
      return planSetUpClient(core, order)
  }
}
