import { boxesWords } from './en/boxes.ts'
import { mattersWords } from './en/matters.ts'
import { noticesWords } from './en/notices.ts'
import { partsWords } from './en/parts.ts'
import { statusWords } from './en/status.ts'
import { trayWords } from './en/tray.ts'
import { updatesWords } from './en/updates.ts'
import { usageWords } from './en/usage.ts'

/**
 * Every sentence of the tray, the boxes and the notifications, in English; a function where a number or a name
 * stands in it.
 */
export const en = {
  product: 'Sovereign Bridge',
  /** For dates and lists. */
  locale: 'en-GB',
  /** For numbers: as src/renderer/words has it. */
  numberLocale: 'en',
  status: statusWords,
  tray: trayWords,
  parts: partsWords,
  matters: mattersWords,
  usage: usageWords,
  notices: noticesWords,
  boxes: boxesWords,
  updates: updatesWords,
} as const
