import { Command, CommanderError } from 'commander'
import { VERSION } from '../node/version.ts'
import { bridgeCommand } from './commands/bridge.ts'
import { bridgeControlCommands } from './commands/bridge-control.ts'
import { relayCommand } from './commands/relay.ts'
import { usageCommand } from './commands/usage.ts'
import { quietNodeWarnings, watchLauncher } from './process-manners.ts'
import { reportError } from './report-error.ts'

quietNodeWarnings()
watchLauncher()

const program = new Command('sovereign')
  .description('Put your own AI within reach of every machine you can SSH into.')
  .version(VERSION)
  .enablePositionalOptions()
  .exitOverride()
  .showHelpAfterError('Run "sovereign --help" to see what there is.')

for (const command of [bridgeCommand(), ...bridgeControlCommands(), relayCommand(), usageCommand()])
  program.addCommand(command)

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = error instanceof CommanderError ? error.exitCode : reportError(error)
}
