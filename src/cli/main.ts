import { commandsFor } from './commands.ts'
import { firstSteps } from './help-manners.ts'
import { runProgram } from './run-program.ts'

await runProgram({ commandsFor, afterHelp: firstSteps })
