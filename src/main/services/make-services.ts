import type { DesktopServices, MakeServices } from '../bridge/bridge-services.ts'
import { noServices } from '../bridge/bridge-services.ts'
import { settingsService } from './settings-service.ts'
import { listSshHosts } from './ssh-hosts.ts'

export interface ServicesOptions {
  readonly settingsPath: string
  readonly desktop: DesktopServices | undefined
}

/** What a bridge offers besides its connections. */
export function makeServices({ settingsPath, desktop }: ServicesOptions): MakeServices {
  return (core) => ({
    ...noServices(),
    ...settingsService(core, settingsPath),
    listSshHosts: () => listSshHosts(core.ssh),
    ...desktop,
  })
}
