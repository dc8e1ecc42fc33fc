import { existsSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'

export interface ProgramStart {
  /** `process.argv[1]` */
  readonly script: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What a person types to call this program again: `sovereign`, `npx sovereign` or `node sovereign.mjs`. */
export function ownName(start: ProgramStart = startOf(process)): string {
  const { script, cwd, env } = start
  const root = checkoutOf(script)
  if (root !== undefined) {
    // Outside the checkout npx would look for another package of that name.
    return isWithin(cwd, root) ? 'npx sovereign' : `node ${shellWord(join(root, 'bin/sovereign.js'))}`
  }
  if (env.npm_command === 'exec' || basename(dirname(script)) === '.bin') return 'npx sovereign'
  if (!/\.[cm]?js$/.test(script)) return 'sovereign'
  return `node ${shellWord(isWithin(script, cwd) && cwd !== '/' ? relative(cwd, script) : script)}`
}

/** Where the text tells somebody to run `sovereign …`, names the program as {@link ownName} does. */
export function inOwnWords(text: string, name: string, { isRelayHere }: { isRelayHere: boolean }): string {
  // What is to be run on the machine of the relay is called there as it was put there.
  const calls = isRelayHere
    ? /(?<=["(]|: )sovereign (?=[a-z])/g
    : /(?<=["(]|: )sovereign (?=(?!relay\b)[a-z])/g
  return text.replace(calls, `${name} `)
}

function startOf({ argv, env }: NodeJS.Process): ProgramStart {
  return { script: argv[1] ?? 'sovereign', cwd: process.cwd(), env }
}

function checkoutOf(script: string): string | undefined {
  const root = [join('bin', 'sovereign.js'), join('src', 'cli', 'main.ts')]
    .filter((file) => script.endsWith(sep + file))
    .map((file) => script.slice(0, -file.length - 1))[0]
  return root !== undefined && existsSync(join(root, 'package.json')) ? root : undefined
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`)
}

function shellWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
