#!/usr/bin/env node
// Plain JavaScript that any Node since 14 can parse: it finds a Node that can run the TypeScript sources,
// then hands over. Deployed bundles do not use this file.
import { spawn } from 'node:child_process'
import module from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { isNewEnough, projectNode } from '../scripts/project-node.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const entry = new URL('../src/cli/main.ts', import.meta.url)

if (isNewEnough(process.versions.node)) {
  // Half the start-up time. Beside the sources, because whoever can write it decides what runs.
  module.enableCompileCache(join(root, 'node_modules/.cache/sovereign-compile'))
  await import(entry.href)
} else {
  handOver(projectNode(root))
}

function handOver(node) {
  if (node === undefined) {
    console.error(
      `sovereign needs Node 24 or later and found ${process.version}. Run "npm ci" in ${root} to install the one this project pins.`,
    )
    process.exit(1)
  }
  // The IPC channel is a life line: when this process is killed outright, the child sees it close and leaves.
  const child = spawn(node, [fileURLToPath(entry), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // A terminal sends Ctrl-C to the whole group by itself; signals sent to this pid alone are passed on.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128))
}
