import { lastVerifyPath } from '../../node/perimeter-paths.ts'
import type { BridgeCore } from '../bridge/bridge-core.ts'
import { type BridgeServices, type DesktopServices, noServices } from '../bridge/bridge-services.ts'
import { RelayAdmin } from '../bridge/relay-admin.ts'
import { OllamaMonitor } from '../probes/ollama/ollama-monitor.ts'
import { realSurroundings, type Surroundings } from '../probes/ollama/surroundings.ts'
import { createVpn, type Vpn } from '../vpn/vpn.ts'
import { VpnMonitor } from '../vpn/vpn-monitor.ts'
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
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What the system has for WireGuard, unless told. */
  readonly vpn?: Vpn
  /** What there is to see around an Ollama that does not answer, unless told. */
  readonly around?: Surroundings
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
  env = process.env,
  around = realSurroundings(env),
  vpn: wireguard = createVpn({ platform: process.platform, env, isRoot: process.getuid?.() === 0 }),
}: ServicesOptions): Services {
  const closing: (() => Promise<void>)[] = []
  return {
    make: (core) => {
      const jobs = new JobDesk(core, (order) => planJob(core, order, carried))
      const openrouter = new OpenrouterSignIn(core)
      const ollama = new OllamaMonitor(core, around)
      const vpn = new VpnMonitor(core, { vpn: wireguard, verifyFile: lastVerifyPath(env) })
      closing.push(
        async () => ollama.close(),
        async () => vpn.close(),
        () => jobs.close(),
        async () => openrouter.close(),
      )
      const checks = () =>
        runChecks({ settingsPath, relayDataDir, ssh: core.ssh }, core, {
          probeOllama: () => ollama.probe(),
          lookAtVpn: () => vpn.look(),
        })
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
        lookAtVpn: () => vpn.look(),
        setVpn: ({ to }) => vpn.set(to),
        startOpenrouterSignIn: () => openrouter.start(),
        openrouterSignIn: async () => openrouter.state(),
        stopOpenrouterSignIn: async () => openrouter.close(),
        ...desktop,
      }
    },
    close: async () => {
      await Promise.all(closing.map((close) => close()))
    },
  }
}
