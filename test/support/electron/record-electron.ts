// Required by a real Electron before the app, so that a test sees the desktop there as it does on the stand-in.
import * as electron from 'electron'
import { recordDesktop } from './record-desktop.ts'

Object.assign(globalThis, { recordedDesktop: recordDesktop(electron) })
