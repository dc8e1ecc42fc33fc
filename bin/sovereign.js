#!/usr/bin/env node
// Plain JavaScript that any Node since 12 can parse: it only finds a Node that can run the TypeScript
// sources, then hands over. In a deployed bundle this file is not used.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { projectNode } from '../scripts/project-node.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const entry = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const node = projectNode(root)

if (node === undefined) {
  console.error(
    `sovereign needs Node 24 or later and found ${process.version}. Run "npm ci" in ${root} to install the one this project pins.`,
  )
  process.exit(1)
}
if (!existsSync(entry)) {
  console.error(`sovereign: ${entry} is missing. The checkout is incomplete: run "git status" there.`)
  process.exit(1)
}

const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry, ...process.argv.slice(2)], { stdio: 'inherit' })
// The terminal already sends Ctrl-C to the whole group; a signal sent to this pid alone has to be passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
process.on('SIGINT', () => {})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
