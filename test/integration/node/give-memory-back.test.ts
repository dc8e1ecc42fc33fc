import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MODULE = new URL('../../../src/node/give-memory-back.ts', import.meta.url).href

/** A process that has a busy moment and then falls quiet. It ends by itself when it has given half of it back. */
const BUSY_ONCE = `
const { giveMemoryBack } = await import(${JSON.stringify(MODULE)})
giveMemoryBack(50)
const rss = () => process.memoryUsage.rss()
let junk = Array.from({ length: 3e6 }, (_, index) => ({ index }))
const high = rss()
junk = undefined
const deadline = Date.now() + 20_000
setInterval(() => {
  if (rss() > high / 2 && Date.now() < deadline) return
  console.log(JSON.stringify({ gaveBack: rss() <= high / 2, gc: typeof globalThis.gc }))
  process.exit()
}, 50)
`

test('a process that falls quiet gives the memory of its busy moment back', async () => {
  // V8's own attempt comes much later and would hide what is tried here.
  const args = ['--no-memory-reducer', '--input-type=module', '-e', BUSY_ONCE]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(JSON.parse(stdout)).toEqual({ gaveBack: true, gc: 'undefined' })
})
