// `node --import hook.ts dist/main/index.js`: the built app with the stand-in in the place of Electron.
import { registerHooks } from 'node:module'
import { answerDriver } from './answer-driver.ts'
import * as electron from './electron.ts'
import { recordDesktop } from './record-desktop.ts'

const STAND_IN = new URL('./electron.ts', import.meta.url).href
/** Electron's module is CommonJS: whoever wants it whole finds it as the default export. */
const WHOLE = `export * from ${JSON.stringify(STAND_IN)}; import * as whole from ${JSON.stringify(STAND_IN)}; export default whole`

registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url: 'stand-in:electron', shortCircuit: true } : next(name, context),
  load: (url, context, next) =>
    url === 'stand-in:electron'
      ? { format: 'module', source: WHOLE, shortCircuit: true }
      : next(url, context),
})

answerDriver(recordDesktop(electron as never))
