import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { allCommands } from '../../../src/cli/commands.ts'
import { allPages, codeOf, page, ROOT } from './pages.ts'

const PROGRAM = (await allCommands()).reduce(
  (program, command) => program.addCommand(command),
  new Command('sovereign').version('0'),
)

/** Words behind the name of the program, wherever a piece of code starts it. */
function callsIn(code: string): string[][] {
  return [...code.matchAll(/(?:^|[\s"(])(?:node [\w/.]*sovereign\.mjs|sovereign) ([^")|;]+)/g)].map(
    ([, words = '']) => words.trim().split(/[\s,]+/),
  )
}

/** What is wrong with a call; undefined when it is a command with options that it has. */
function mistakeIn(words: readonly string[]): string | undefined {
  let command: Command = PROGRAM
  let mayDescend = true
  for (const word of words) {
    if (word.startsWith('-')) {
      if (word !== '--help' && !hasOption(command, word)) return `${nameOf(command)} has no option ${word}`
      continue
    }
    const next = mayDescend ? command.commands.find((child) => child.name() === word) : undefined
    if (next !== undefined) command = next
    else {
      mayDescend = false
      if (command.commands.length > 0) return `${nameOf(command)} has no command ${word}`
    }
  }
  return undefined
}

function hasOption(command: Command, name: string): boolean {
  return command.options.some(({ long, short }) => long === name || short === name)
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

/** The table of errors names commands in its sentences. */
function sentencesOf(path: string, text: string): string[] {
  return path === 'docs/errors.md' ? [...text.matchAll(/["(]sovereign [^")]+/g)].map(([call]) => call) : []
}

test.each(allPages())('every sovereign command and option in $path exists', ({ path, text }) => {
  const calls = [...codeOf(text), ...sentencesOf(path, text)].flatMap(callsIn)
  expect(calls.flatMap((words) => mistakeIn(words) ?? [])).toEqual([])
})

test('commands and options that do not exist would be noticed', () => {
  expect(callsIn('ssh pi node sovereign.mjs relay install --no-start').map(mistakeIn)).toEqual([undefined])
  expect(callsIn('npx sovereign relay begin').map(mistakeIn)).toEqual([
    'sovereign relay has no command begin',
  ])
  expect(callsIn('sovereign usage --week').map(mistakeIn)).toEqual(['sovereign usage has no option --week'])
})

test('every sovereign command is in the documentation', () => {
  const named = allPages().flatMap(({ text }) =>
    codeOf(text)
      .flatMap(callsIn)
      .map((words) => words.join(' ')),
  )
  const names = leavesOf(PROGRAM).map((command) => nameOf(command).slice('sovereign '.length))
  expect(names.filter((name) => !named.some((call) => `${call} `.startsWith(`${name} `)))).toEqual([])
})

test.each(allPages())('every npm script in $path exists', ({ text }) => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
  const named = codeOf(text).flatMap((code) => [...code.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test))\b/g)])
  const names = named.map(([, script, short]) => script ?? short ?? '')
  expect(names.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
})

test('the benches in the page of performance are those that there are', () => {
  const files = globSync('bench/*.ts', { cwd: ROOT }).map((path) => basename(path, '.ts'))
  const named = codeOf(page('docs/performance.md').text).flatMap(
    (code) => /^npm run bench -- (\w+)$/.exec(code)?.slice(1) ?? [],
  )
  expect(named.toSorted()).toEqual(files.filter((name) => name !== 'run').sort())
})
