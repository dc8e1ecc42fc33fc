import { Command, Option } from 'commander'
import type { Rendering } from '../../perimeter/render/rendering.ts'
import { ownName } from '../own-name.ts'
import { type PerimeterFileOption, perimeterOf, perimeterPath, withPerimeterFile } from '../perimeter-file.ts'
import { checkedText, renderingText, writtenText } from '../perimeter-text.ts'
import { perimeterApplyCommands } from './perimeter-apply.ts'
import { perimeterPeersCommand } from './perimeter-peers.ts'
import { perimeterVerifyCommand } from './perimeter-verify.ts'

interface RenderOptions extends PerimeterFileOption {
  readonly target?: Rendering['machine']
  readonly out?: string
}

/** `sovereign perimeter …`: the network around a model server; failures are thrown as AppError. */
export function perimeterCommand(): Command {
  const command = new Command('perimeter').description(
    'describe, render and prove the network around your own model server',
  )
  command
    .command('init')
    .argument('[file]', 'where to; beside the settings unless told')
    .description('write a commented perimeter file to begin with')
    .action(init)
  command
    .command('check')
    .argument('[file]', 'the perimeter file; beside the settings unless told')
    .description('name every mistake in the perimeter file')
    .action(check)
  withPerimeterFile(command.command('render'))
    .addOption(
      new Option('--target <machine>', 'only what is for this machine').choices(['router', 'server']),
    )
    .option('--out <folder>', 'write the files below this folder instead of printing them')
    .description('show what the router and the server would get')
    .action(render)
  command.addCommand(perimeterPeersCommand())
  command.addCommand(perimeterVerifyCommand())
  for (const part of perimeterApplyCommands()) command.addCommand(part)
  return command
}

async function init(named: string | undefined): Promise<void> {
  const { writeFirstFile } = await import('../../perimeter/file/write-first-file.ts')
  const path = perimeterPath(named === undefined ? {} : { file: named })
  await writeFirstFile(path)
  const again = named === undefined ? '' : ` ${named}`
  console.log(`Wrote ${path}. Change what differs at your place, then: ${ownName()} perimeter check${again}`)
}

async function check(named: string | undefined): Promise<void> {
  const options = named === undefined ? {} : { file: named }
  console.log(checkedText(perimeterPath(options), await perimeterOf(options)))
}

async function render(options: RenderOptions): Promise<void> {
  const perimeter = await perimeterOf(options)
  const { renderMachine } = await import('../../perimeter/render/render.ts')
  const machines = options.target === undefined ? (['router', 'server'] as const) : [options.target]
  const renderings = machines.map((machine) => renderMachine(machine, perimeter))
  if (options.out === undefined) {
    console.log(renderings.map(renderingText).join('\n'))
    return
  }
  const { writeRenderings } = await import('../../perimeter/render/write-renderings.ts')
  console.log(writtenText(await writeRenderings(options.out, renderings)))
}
