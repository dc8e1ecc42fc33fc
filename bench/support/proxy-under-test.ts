/** Our agent with its proxy for bench/agent.ts in a process of its own; prints its port. */
import { startAgent } from '../../src/main/agent/agent.ts'
import { pacFile } from '../../src/main/agent/proxy/pac.ts'
import { createProxy } from '../../src/main/agent/proxy/proxy.ts'
import { DirectEgress } from '../../src/main/egress/direct/direct-egress.ts'
import { createAddressPolicy } from '../../src/node/address-policy/address-policy.ts'
import { REAL_AMBIENT } from '../../src/node/ambient.ts'
import { giveMemoryBack } from '../../src/node/give-memory-back.ts'
import { createForgetfulLogger } from '../../src/node/log.ts'

// As the bridge does.
giveMemoryBack()
const log = createForgetfulLogger('bench', 'warn')
let port = 0
const ownListeners = () => [{ address: '127.0.0.1', port }]
const egress = new DirectEgress({ policy: createAddressPolicy(['127.0.0.0/8']), ownListeners })
const connectPorts = process.argv.slice(2).map(Number)
const proxy = createProxy({ choose: () => egress, ownListeners, connectPorts, ambient: REAL_AMBIENT, log })
const agent = startAgent({
  address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
  onRelayConnection: (socket) => socket.destroy(),
  proxy: {
    handle: (socket, bytes) => proxy.handle(socket, bytes),
    pacFor: (authority) => pacFile(authority, []),
    health: () => ({ status: 'ok' }),
  },
  ambient: REAL_AMBIENT,
  log,
})
agent.onState((state) => {
  if (state.phase !== 'listening') return
  port = Number(state.address.slice(state.address.lastIndexOf(':') + 1))
  console.log(port)
})
