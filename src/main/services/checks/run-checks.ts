import type { Logger } from '../../../node/log.ts'
import type { Checks } from '../../../shared/protocol/diagnostics.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { loadSettings } from '../../settings/settings-file.ts'
import { type Look, lookAt } from './check.ts'
import { liveLooks, type Probes } from './live-looks.ts'
import { localLooks, type Surroundings } from './local-looks.ts'
import { ownOllamaLook } from './ollama-look.ts'

/** The slowest look has a timeout of its own that is shorter. */
const EACH_WITHIN_MS = 15_000

/** Looks at everything that is known to go wrong; never rejects. */
export async function runChecks(around: Surroundings, core: BridgeCore, probes: Probes): Promise<Checks> {
  const looks = [...localLooks(around, core.settings), ...liveLooks(core, probes)]
  return look(core.ambient.now(), looks, core.log)
}

/** The same without a bridge that runs: what there is to know from outside. */
export async function runLocalChecks(around: Surroundings, now: number): Promise<Checks> {
  const settings = await loadSettings(around.settingsPath).then(
    (loaded) => loaded.settings,
    // Said by the look at the file.
    () => undefined,
  )
  return look(now, [...localLooks(around, settings), ownOllamaLook(settings)], undefined)
}

async function look(at: number, looks: readonly Look[], log: Logger | undefined): Promise<Checks> {
  return { at, checks: await Promise.all(looks.map((one) => lookAt(one, EACH_WITHIN_MS, log))) }
}
