import { DirectEgress } from '../../src/main/egress/direct/direct-egress.ts'
import { createAddressPolicy } from '../../src/node/address-policy/address-policy.ts'
import { egressContract } from './egress.ts'

egressContract('direct', async () => ({
  egress: new DirectEgress({ policy: createAddressPolicy(['127.0.0.0/8', '::1']) }),
}))
