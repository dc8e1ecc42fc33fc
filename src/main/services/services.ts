import type { BridgeCore } from '../bridge/bridge-core.ts'
import { type BridgeServices, type DesktopServices, noServices } from '../bridge/bridge-services.ts'
import { RelayAdmin } from '../bridge/relay-admin.ts'
import { OllamaMonitor } from '../probes/ollama/ollama-monitor.ts'
import { runChecks } from './checks/run-checks.ts'
import { type Carried, carriedHere } from './jobs/carried.ts'
import { JobDesk } from './jobs/job-desk.ts'
import { planJob } from './jobs/plan-job.ts'
import { OpenrouterSignIn } from './openrouter-sign-in.ts'
import { makeReport } from './report/make-report.ts'
import { settingsService } from './settings-service.ts'
import { listSshHosts } from './ssh-hosts.ts'

export interface ServicesOptions {
  readonly settingsPath: string
  /** Of the relay in this program. */
  readonly relayDataDir: string
  readonly desktop: DesktopServices | undefined
  /** What can be copied to other machines; what lies beside this program unless told. */
  readonly carried?: Carried
}

/** What a bridge offers besides its connections. */
export interface Services {
  /** Called once, by the bridge. */
  readonly make: (core: BridgeCore) => BridgeServices
  /** Ends what is under way and undoes it. Idempotent. */
  close(): Promise<void>
}

export function createServices({
  settingsPath,
  relayDataDir,
  desktop,
  carried = carriedHere(),
}: ServicesOptions): Services {
  const closing: (() => Promise<void>)[] = []
  return {
    make: (core) => {
      const jobs = new JobDesk(core, (order) => planJob(core, order, carried))
      const openrouter = new OpenrouterSignIn(core)
      const ollama = new OllamaMonitor(core)
      closing.push(
        async () => ollama.close(),
        () => jobs.close(),
        async () => openrouter.close(),
      )
      const checks = () =>
        runChecks({ settingsPath, relayDataDir, ssh: core.ssh }, core, () => ollama.probe())
      return {
        ...noServices(),
        ...settingsService(core, settingsPath),
        listSshHosts: () => listSshHosts(core.ssh),
        startJob: jobs.startJob,
        cancelJob: jobs.cancelJob,
        forgetJob: jobs.forgetJob,
        recentRequests: async () => new RelayAdmin(core.relay()).recentRequests(),
        runChecks: checks,
        makeReport: async () => makeReport(core, await checks()),
        probeOllama: () => ollama.probe(),
        startOpenrouterSignIn: () => openrouter.start(),
        ...desktop,
      }
    },
    close: async () => {
      await Promise.all(closing.map((close) => close()))
    },
  }
}
