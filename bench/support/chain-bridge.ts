/** The bridge of bench/chain.ts in a process of its own: `{vm, relay, listenPort, targetPort}` as JSON argument. */
import type { ResolvedHost } from '../../src/main/ssh/resolved-host.ts'
import { splice } from '../../src/node/splice.ts'
import { makeLink, stateOf } from '../../test/support/make-link.ts'

interface ChainPlan {
  readonly vm: ResolvedHost
  readonly relay: ResolvedHost
  readonly listenPort: number
  readonly targetPort: number
}

const plan: ChainPlan = JSON.parse(process.argv[2] ?? '')
const vm = makeLink(plan.vm)
const relay = makeLink(plan.relay)
relay.start()
vm.start()
await stateOf(relay, 'connected')
const listener = vm.listen({ kind: 'tcp', host: '127.0.0.1', port: plan.listenPort }, (client) => {
  relay.openChannel({ host: '127.0.0.1', port: plan.targetPort }).then(
    (server) => void splice(client, server),
    () => client.destroy(),
  )
})
listener.onState((state) => {
  if (state.phase === 'listening') console.log('ready')
  if (state.phase === 'failed') console.log(JSON.stringify(state))
})
