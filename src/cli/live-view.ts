import type { WriteStream } from 'node:tty'
import { isDeepStrictEqual } from 'node:util'
import type { BridgeState } from '../shared/state/bridge-state.ts'
import { bridgeLines } from './bridge-text.ts'

/** Times such as "for 12 s" move on without a change of state. */
const TICK_MS = 1_000

/** Draws the state over the lines it drew before. */
export class LiveView {
  private readonly output: WriteStream
  private readonly ownName: string
  private readonly timer: NodeJS.Timeout
  private state: BridgeState
  private drawn: readonly string[] = []
  private isPaused = false

  constructor(state: BridgeState, output: WriteStream, ownName: string) {
    this.state = state
    this.output = output
    this.ownName = ownName
    this.timer = setInterval(() => this.draw(), TICK_MS)
    this.draw()
  }

  show(state: BridgeState): void {
    this.state = state
    this.draw()
  }

  /** Leaves the terminal to somebody else, a question for example. */
  pause(): void {
    this.erase()
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    this.draw()
  }

  /** What was drawn last stays to be read. */
  close(): void {
    clearInterval(this.timer)
    this.isPaused = true
  }

  private draw(): void {
    if (this.isPaused) return
    // Some pseudo terminals say that they have no columns at all.
    const columns = this.output.columns || 100
    const rows = this.output.rows || 40
    const color = this.output.hasColors()
    // A frame taller than the screen could not be erased again.
    const lines = bridgeLines(this.state, Date.now(), { width: columns, color, ownName: this.ownName }).slice(
      0,
      rows - 1,
    )
    if (isDeepStrictEqual(lines, this.drawn)) return
    this.erase()
    this.output.write(`${lines.join('\n')}\n`)
    this.drawn = lines
  }

  private erase(): void {
    // Back to the first column: a terminal shows ^C where the cursor was.
    if (this.drawn.length > 0) this.output.write(`\r\u001b[${this.drawn.length}A\u001b[0J`)
    this.drawn = []
  }
}
