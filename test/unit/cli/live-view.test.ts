import type { WriteStream } from 'node:tty'
import { expect, onTestFinished, test } from 'vitest'
import { LiveView } from '../../../src/cli/live-view.ts'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import { makeBridgeState } from '../../support/make-bridge-state.ts'

/** As much of a terminal as the view makes use of. */
class Screen {
  readonly columns = 80
  readonly rows = 30
  readonly lines: string[] = ['']
  writes = 0
  private row = 0
  private column = 0

  hasColors(): boolean {
    return false
  }

  /** What the view writes. */
  write(text: string): boolean {
    this.writes += 1
    this.type(text)
    return true
  }

  /** What comes onto the screen, from whomever. */
  type(text: string): void {
    for (const [part] of text.replaceAll('\u001b', '␛').matchAll(/␛\[\d+[AJ]|./gsu)) {
      if (part.endsWith('A') && part.length > 1) this.row -= Number.parseInt(part.slice(2), 10)
      else if (part.endsWith('J') && part.length > 1) this.eraseBelow()
      else if (part === '\r') this.column = 0
      else if (part === '\n') this.newLine()
      else this.put(part)
    }
  }

  private put(character: string): void {
    if (this.column === this.columns) this.newLine()
    const line = (this.lines[this.row] ?? '').padEnd(this.column)
    this.lines[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1)
    this.column += 1
  }

  private newLine(): void {
    this.row += 1
    this.column = 0
    this.lines[this.row] ??= ''
  }

  private eraseBelow(): void {
    this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column)
    this.lines.length = this.row + 1
  }
}

function start(state: BridgeState): { readonly screen: Screen; readonly view: LiveView } {
  const screen = new Screen()
  const view = new LiveView(state, screen as unknown as WriteStream, 'sovereign')
  onTestFinished(() => view.close())
  return { screen, view }
}

const UP = makeBridgeState({ startedAt: Date.now() })
const IDLE = { phase: 'idle' } as const
const DOWN: BridgeState = { ...UP, wanted: 'disconnected', relay: { ...UP.relay, link: IDLE } }

test('the ^C that a terminal shows leaves neither a letter nor a second frame behind', () => {
  const { screen, view } = start(UP)
  screen.type('^C')
  view.show({ ...UP, wanted: 'disconnected' })
  view.show(DOWN)
  expect(screen.lines.filter((line) => line.includes('Sovereign Bridge'))).toHaveLength(1)
  expect(screen.lines[0]).toMatch(/^Sovereign Bridge/)
  expect(screen.lines.filter((line) => line.includes('Disconnected, as you wished.'))).toHaveLength(1)
  expect(screen.lines.join('\n')).not.toContain('^C')
})

test('a frame that would look the same is not drawn again', () => {
  const { screen, view } = start(UP)
  view.show(DOWN)
  const { writes } = screen
  view.show({ ...DOWN, revision: 7 })
  expect(screen.writes).toBe(writes)
})

test('after a question the frame is drawn again, also when it looks the same', () => {
  const { screen, view } = start(UP)
  view.pause()
  expect(screen.lines).toEqual([''])
  screen.type('Password: \r\n')
  view.resume()
  expect(screen.lines.slice(0, 2).join('\n')).toMatch(/^Password: \nSovereign Bridge/)
})
