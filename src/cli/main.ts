import { Command, CommanderError } from 'commander'
import { VERSION } from '../node/version.ts'
import { allCommands } from './all-commands.ts'
import { firstSteps, setHelpManners } from './help-manners.ts'
import { ownName } from './own-name.ts'
import { leaveWithReader, quietNodeWarnings, watchLauncher } from './process-manners.ts'
import { reportError } from './report-error.ts'

quietNodeWarnings()
watchLauncher()
leaveWithReader()

const program = new Command(ownName())
  .description('Put your own AI within reach of every machine you can SSH into.')
  .version(VERSION, '-V, --version', 'show the version')
  .enablePositionalOptions()
  .exitOverride()

for (const command of allCommands()) program.addCommand(command)

program.addHelpText('after', firstSteps(ownName()))
setHelpManners(program, ownName())

try {
  await program.parseAsync()
} catch (error) {
  const json = process.argv.includes('--json')
  process.exitCode = error instanceof CommanderError ? error.exitCode : reportError(error, { json })
}
