import { Command, CommanderError } from 'commander'
import { VERSION } from '../node/version.ts'
import { setHelpManners } from './help-manners.ts'
import { ownName } from './own-name.ts'
import { leaveWithReader, quietNodeWarnings, watchLauncher } from './process-manners.ts'
import { reportError } from './report-error.ts'

interface ProgramOptions {
  /** What there is for a call with these words; all of it for words that it does not know. */
  readonly commandsFor: (args: readonly string[]) => Promise<readonly Command[]>
  /** Stands below the list of commands. */
  readonly afterHelp?: (name: string) => string
}

/** The whole life of one call of `sovereign`. */
export async function runProgram({ afterHelp, commandsFor }: ProgramOptions): Promise<void> {
  quietNodeWarnings()
  watchLauncher()
  leaveWithReader()

  const program = new Command(ownName())
    .description('Put your own AI within reach of every machine you can SSH into.')
    .version(VERSION, '-V, --version', 'show the version')
    .enablePositionalOptions()
    .exitOverride()

  for (const command of await commandsFor(process.argv.slice(2))) program.addCommand(command)

  if (afterHelp !== undefined) program.addHelpText('after', afterHelp(ownName()))
  setHelpManners(program, ownName())

  try {
    await program.parseAsync()
  } catch (error) {
    const json = process.argv.includes('--json')
    process.exitCode = error instanceof CommanderError ? error.exitCode : reportError(error, { json })
  }
}
