import { en } from './en.ts'

/** Every catalogue has the form of the English one. */
export type DesktopWords = typeof en

/** The catalogue in use. English is the only one so far. */
export const words: DesktopWords = en
