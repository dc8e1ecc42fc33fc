import type { Page } from 'playwright-core'
import type { FakeBridgeApi } from '../../test/support/fake-bridge-api.ts'
import { NOON } from '../../test/support/make-bridge-state.ts'
import type { OpenedPage } from '../../test/support/open-renderer.ts'

export interface Staged extends OpenedPage {
  readonly api: FakeBridgeApi
}

/** One window in one state, to be shot in light and dark. */
export interface Scene {
  /** Begins the name of the file. */
  readonly name: string
  /** What stands in the address after `#/`; the dashboard unless told. */
  readonly path?: string
  /** The bridge behind the window, made anew for each shot. */
  api(): FakeBridgeApi
  /** What a person does before the shutter. */
  act?(staged: Staged): Promise<unknown>
  readonly width?: number
  readonly height?: number
  /** Also 360 px wide. */
  readonly isNarrowToo?: boolean
  /** As much as the window shows, rather than the whole page: for what lies over it. */
  readonly isWindowOnly?: boolean
  /** The bridge goes away, and the browser may complain about that. */
  readonly isCutOff?: boolean
}

/** The clock of every window. */
export const NOW = NOON

export function press(page: Page, name: string | RegExp): Promise<void> {
  return page.getByRole('button', { name }).first().click()
}
