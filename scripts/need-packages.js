// What runs from a clone needs its packages first. Plain JavaScript: without them, any Node may be what runs this.
import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

// npm writes this file last, when everything is there.
const isInstalled = existsSync(fileURLToPath(new URL('../node_modules/.package-lock.json', import.meta.url)))
if (!isInstalled) {
  const command = (process.env.npm_lifecycle_event ?? '').replace(/^pre/, '')
  const next = command === '' ? '' : ` && npm run ${command}`
  console.error(`The packages of this project are not installed in this folder yet. Run: npm ci${next}`)
  process.exitCode = 1
}
