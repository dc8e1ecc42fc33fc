import type { Failure } from '../shared/errors/app-error.ts'
import type { BridgeState } from '../shared/state/bridge-state.ts'
import type { Prompt } from '../shared/state/prompt.ts'
import { duration } from '../shared/util/amounts.ts'
import { proxyHops } from './egress-words.ts'
import { agentHop, clientHop, type Hop, relayHop, SYMBOLS, summary, upstreamHops } from './hop-words.ts'
import { inOwnWords } from './own-name.ts'
import { promptWords } from './prompt-words.ts'
import { column, type Line, plainText, renderLine, type TextStyle, textWidth, wrap } from './terminal-text.ts'
import { vpnHops } from './vpn-words.ts'

/** Above this, facts stand under the state instead of under the name. */
const WIDE_COLUMNS = 80
const NAME_MIN_COLUMNS = 9
const MESSAGE_MAX_LINES = 5
const RAIL = ['│ ', 'quiet'] as const
const ARROW: Line = [['▼', 'quiet']]

export interface PageStyle extends TextStyle {
  /** How this program is called here. */
  readonly ownName?: string
}

/**
 * The bridge as a page of text: open questions, then the path from the clients down to the upstreams. Every line
 * is harmless for a terminal and at most `width` columns wide.
 */
export function bridgeLines(state: BridgeState, now: number, style: PageStyle): string[] {
  const { ownName = 'sovereign' } = style
  const inWords = (advice: string): string =>
    inOwnWords(advice, ownName, { isRelayHere: state.relay.kind === 'embedded' })
  const clients = state.clients.map((client) => clientHop(client, now))
  const agent = agentHop(state.agent, now)
  const here = [agent, ...proxyHops(state.egress, now), ...vpnHops(state.vpn, now)]
  const relay = relayHop(state.relay, now)
  const upstreams = upstreamHops(state.relay)
  const layout = { ...layoutOf([...clients, ...here, relay, ...upstreams], style.width), inWords }
  const lines: Line[] = [
    ...heading(state, now, style.width),
    ...state.prompts.flatMap((prompt) => promptLines(prompt, now, style.width)),
    ...(state.prompts.length > 0 ? [[], adviceLine(inWords('Answer: sovereign prompts'), ''), []] : []),
    ...section('Clients', clients, 'none yet; add them under "clients" in the settings', layout),
    ...section('This machine', here, '', layout),
    ...section('Relay', [relay], '', layout),
    ...section('Upstreams', upstreams, 'known once the relay answers', { ...layout, isLast: true }),
  ]
  return lines.map((line) => renderLine(line, style))
}

function heading(state: BridgeState, now: number, width: number): Line[] {
  const { health, words } = summary(state, now)
  const left = `Sovereign Bridge ${plainText(state.version)} · ${plainText(state.profile)}`
  const right = `running for ${duration(now - state.startedAt)}`
  const gap = width - textWidth(left) - textWidth(right)
  const age: Line = gap < 2 ? [] : [[' '.repeat(gap) + right, 'quiet']]
  const [symbol, tone] = SYMBOLS[health]
  return [[[left, 'title'], ...age], [], [[symbol, tone], ` ${words}`], []]
}

function promptLines(prompt: Prompt, now: number, width: number): Line[] {
  const { title, details } = promptWords(prompt)
  const age = `asked ${duration(now - prompt.askedAt)} ago`
  const [first = '', ...more] = wrap(title, width - 2, 3)
  return [
    [
      ['? ', 'ask'],
      [first, 'title'],
    ],
    ...more.map((text): Line => ['  ', [text, 'title']]),
    ...details.slice(0, 4).flatMap((text) => wrap(text, width - 2, 3).map((part): Line => ['  ', part])),
    ['  ', [age, 'quiet']],
  ]
}

interface Layout {
  /** Commands in advice as they are typed here. */
  readonly inWords: (advice: string) => string
  readonly width: number
  readonly nameColumns: number
  /** Of facts, counted from the rail. */
  readonly indent: number
  readonly isLast?: boolean
}

function layoutOf(hops: readonly Hop[], width: number): Omit<Layout, 'inWords'> {
  const longest = Math.max(...hops.map(({ name }) => textWidth(plainText(name))))
  const nameColumns = Math.min(
    Math.max(longest, NAME_MIN_COLUMNS),
    Math.max(NAME_MIN_COLUMNS, Math.floor(width / 4)),
  )
  return { width, nameColumns, indent: width < WIDE_COLUMNS ? 2 : nameColumns + 4 }
}

function section(title: string, hops: readonly Hop[], none: string, layout: Layout): Line[] {
  const rail = layout.isLast ? '  ' : RAIL
  const body = hops.flatMap((hop) => hopLines(hop, layout))
  const lines: Line[] = body.length > 0 ? body : [[SYMBOLS.off, [` ${none}`, 'quiet']]]
  return [
    [[title, 'title']],
    ...lines.map((line): Line => [rail, ...line]),
    ...(layout.isLast ? [] : [ARROW]),
  ]
}

function hopLines(hop: Hop, { width, nameColumns, indent, inWords }: Layout): Line[] {
  const room = Math.max(20, width - indent - textWidth(RAIL[0]))
  const blank = ' '.repeat(indent)
  const cause = hop.cause === undefined ? [] : causeLines(hop.cause, room, blank)
  const remedy = hop.advice ?? hop.cause?.remedy
  // Rail, symbol and the gaps around the name.
  const wordsColumn = nameColumns + 4
  const [words = '', ...more] = wrap(hop.words, width - wordsColumn - textWidth(RAIL[0]), 2)
  return [
    [SYMBOLS[hop.health], ` ${column(hop.name, nameColumns)}  `, words],
    ...more.map((text): Line => [' '.repeat(wordsColumn), text]),
    ...flow(hop.facts, room).map((text): Line => [blank, [text, 'quiet']]),
    ...cause,
    ...(remedy === undefined
      ? []
      : wrap(inWords(remedy), room - 2, MESSAGE_MAX_LINES).map((text, row) => adviceLine(text, blank, row))),
  ]
}

/** What happened, and what that came from. */
function causeLines(failure: Failure, room: number, blank: string): Line[] {
  const own = wrap(failure.message, room, MESSAGE_MAX_LINES).map((text): Line => [blank, text])
  if (failure.cause === undefined) return own
  return [
    ...own,
    ...wrap(`(${failure.cause.message})`, room, 2).map((text): Line => [blank, [text, 'quiet']]),
  ]
}

function adviceLine(text: string, blank: string, row = 0): Line {
  return [blank, [row === 0 ? '→ ' : '  ', 'ask'], text]
}

/** Facts side by side, a new line where the next one does not fit. */
function flow(facts: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const fact of facts.map(plainText)) {
    const longer = lines.length === 0 ? fact : `${lines.at(-1)} · ${fact}`
    if (lines.length > 0 && textWidth(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(...wrap(fact, width, 2))
  }
  return lines
}
