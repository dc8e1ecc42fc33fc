import { join } from 'node:path'
import { plistText } from '../../node/plist.ts'
import type { RelayService } from './service.ts'

export const AGENT_LABEL = 'io.sovereign-bridge.relay'

/** A launchd agent that starts at login and is started again after a failure. */
export function launchdAgent({ command, configPath, dataDir, env }: RelayService): string {
  const log = join(dataDir, 'relay.log')
  return plistText({
    Label: AGENT_LABEL,
    ProgramArguments: command,
    EnvironmentVariables: { ...env, CONFIG_PATH: configPath },
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    Umask: 0o077,
    ProcessType: 'Background',
    StandardOutPath: log,
    StandardErrorPath: log,
  })
}
