// Required by a real Electron before the app, so that a test sees the desktop there as it does on the stand-in.
import * as electron from 'electron'
import { recordDesktop } from './record-desktop.ts'

// Each test has a profile of its own, which not every system takes from the home folder.
electron.app.setPath('userData', process.env.SOVEREIGN_E2E_PROFILE ?? '')

Object.assign(globalThis, { recordedDesktop: recordDesktop(electron) })
