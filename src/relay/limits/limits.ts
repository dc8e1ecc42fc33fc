import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { Clients } from '../clients/clients.ts'
import type { ConfigFile } from '../config/config-file.ts'
import type { Route } from '../server/route.ts'
import type { UsageRecorder } from '../usage/recorder.ts'
import type { Usage } from '../usage/usage-store.ts'
import { LimitKeeper } from './limit-keeper.ts'
import { forgetLimits, limitRoutes } from './limit-routes.ts'
import { LimitedRecorder } from './limited-recorder.ts'
import type { LimitsView } from './limits-view.ts'

export interface LimitsOptions {
  readonly ambient: Ambient
  readonly log: Logger
  readonly configFile: ConfigFile
  readonly clients: Pick<Clients, 'names'>
  readonly usage: Pick<Usage, 'recorder' | 'ledger' | 'changed'>
}

/** How much each client, and all of them together, may use. */
export interface Limits {
  /** For every upstream: records like the one of the accounting, and refuses what goes beyond a limit. */
  readonly recorder: UsageRecorder
  readonly view: LimitsView
  /** Admin routes `/admin/limits`. */
  routes(): Route[]
  /** A client was revoked. */
  forget(client: string): Promise<void>
}

/** Who sends requests without a client token. */
const NAMES_WITHOUT_TOKEN = ['unknown', 'admin']

export function openLimits({ ambient, log, configFile, clients, usage }: LimitsOptions): Limits {
  const { ledger } = usage
  const keeper = new LimitKeeper({
    ...{ ambient, log, ledger },
    config: configFile.config.limits ?? {},
    clientNames: () => clients.names(),
  })
  const isClient = (name: string): boolean =>
    [...clients.names(), ...ledger.clients(), ...NAMES_WITHOUT_TOKEN].includes(name)
  const administration = { configFile, keeper, isClient, onChanged: () => usage.changed() }
  return {
    recorder: new LimitedRecorder(usage.recorder, keeper),
    view: keeper,
    routes: () => limitRoutes(administration),
    forget: (client) => forgetLimits(administration, client),
  }
}
