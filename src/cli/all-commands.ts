import type { Command } from 'commander'
import { bridgeCommand } from './commands/bridge.ts'
import { bridgeControlCommands } from './commands/bridge-control.ts'
import { certsCommand } from './commands/certs.ts'
import { dashboardCommand } from './commands/dashboard.ts'
import { doctorCommand } from './commands/doctor.ts'
import { relayCommand } from './commands/relay.ts'
import { tunnelServerCommand } from './commands/tunnel-server.ts'
import { usageCommand } from './commands/usage.ts'

/** Every command of `sovereign`, in the order of its help. */
export function allCommands(): Command[] {
  return [
    bridgeCommand(),
    ...bridgeControlCommands(),
    certsCommand(),
    dashboardCommand(),
    doctorCommand(),
    relayCommand(),
    tunnelServerCommand(),
    usageCommand(),
  ]
}
