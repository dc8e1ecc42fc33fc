import type { Place } from '../perimeter/policy/cell.ts'
import type { VerifyPlace } from '../perimeter/verify/place.ts'
import type { VerifyCounts } from '../perimeter/verify/record.ts'
import type { VerifiedCell } from '../perimeter/verify/verified-cell.ts'
import {
  column,
  type Line,
  renderLine,
  type Span,
  type TextStyle,
  type Tone,
  textWidth,
} from './terminal-text.ts'

export const PLACE_NAMES: Readonly<Record<Place, string>> = {
  internet: 'internet',
  isp: 'ISP network',
  vpn: 'VPN client',
  peer: 'other peer',
  server: 'model server',
  admin: 'admin',
  lan: 'LAN',
  router: 'router',
}

const ROWS: readonly Place[] = ['internet', 'isp', 'vpn', 'peer', 'server', 'admin', 'lan', 'router']
const COLUMNS: readonly Place[] = ['router', 'server', 'lan', 'admin', 'vpn', 'peer', 'internet']
const MOST_PORTS = 2
/** Narrower than this the table would be cut. */
const LEAST_COLUMNS = 120
/** Where there is no terminal. */
const MOST_COLUMNS = 200
const FROM = 'from ↓  to →'

/** Whether a cell was seen to be what the policy says; `unknown` is neither. */
export function isWrong({ cell, verdict }: VerifiedCell): boolean {
  return verdict !== 'unknown' && verdict !== cell.expected
}

/** Who reaches whom, as it was seen: one row for each place that sent, one column for each that was meant. */
export function matrixText(tried: readonly VerifiedCell[], style: TextStyle): string {
  const rows = ROWS.filter((from) => tried.some(({ cell }) => cell.from === from))
  const columns = COLUMNS.filter((to) => tried.some(({ cell }) => cell.to === to))
  const texts = rows.map((from) =>
    columns.map((to) => pairText(tried.filter(({ cell }) => cell.from === from && cell.to === to))),
  )
  const head = Math.max(FROM.length, ...rows.map((row) => PLACE_NAMES[row].length))
  const widths = columns.map((to, index) =>
    Math.max(PLACE_NAMES[to].length, ...texts.map((row) => textWidth(row[index]?.[0] ?? ''))),
  )
  const rule = (left: string, middle: string, right: string): Line => [
    [`${left}${[head, ...widths].map((width) => '─'.repeat(width + 2)).join(middle)}${right}`, 'quiet'],
  ]
  const line = (title: string, cells: readonly (readonly [string, Tone])[]): Line => [
    ['│ ', 'quiet'],
    [column(title, head), 'title'],
    ...cells.flatMap(([text, tone], index): Span[] => [
      [' │ ', 'quiet'],
      [column(text, widths[index] ?? 0), tone],
    ]),
    [' │', 'quiet'],
  ]
  const lines = [
    rule('┌', '┬', '┐'),
    line(
      FROM,
      columns.map((to) => [PLACE_NAMES[to], 'title']),
    ),
    rule('├', '┼', '┤'),
    ...rows.map((from, index) => line(PLACE_NAMES[from], texts[index] ?? [])),
    rule('└', '┴', '┘'),
  ]
  return lines.map((each) => renderLine(each, style)).join('\n')
}

/** What gets through between two places: nothing, everything that was tried, or these ports. */
function pairText(tried: readonly VerifiedCell[]): readonly [text: string, tone: Tone] {
  if (tried.length === 0) return ['·', 'quiet']
  const wrong = tried.filter(isWrong)
  if (wrong.length > 0) {
    const passed = wrong.filter(({ verdict }) => verdict === 'allowed')
    const word = passed.length > 0 ? 'LETS IN' : 'STOPS'
    return [`✗ ${word} ${portsText(passed.length > 0 ? passed : wrong)}`, 'bad']
  }
  const known = tried.filter(({ verdict }) => verdict !== 'unknown')
  const open = known.filter(({ verdict }) => verdict === 'allowed')
  const doubt = known.length < tried.length ? '?' : ''
  if (known.length === 0) return ['? unknown', 'ask']
  if (open.length === 0) return [`– denied${doubt}`, 'quiet']
  if (open.length === known.length && portNames(open).length > MOST_PORTS) return [`✓ all${doubt}`, 'good']
  return [`✓ ${portsText(open)}${doubt}`, 'good']
}

/** `tcp 11434, udp 53`; both families are one. */
function portsText(tried: readonly VerifiedCell[]): string {
  const names = portNames(tried)
  const more = names.length - MOST_PORTS
  return `${names.slice(0, MOST_PORTS).join(', ')}${more > 0 ? ` +${more}` : ''}`
}

function portNames(tried: readonly VerifiedCell[]): string[] {
  return [...new Set(tried.map(({ cell }) => `${cell.protocol} ${cell.port}`))]
}

/** One line for each cell with what was seen of it. */
export function evidenceText(tried: readonly VerifiedCell[], style: TextStyle): string {
  const width = Math.max(0, ...tried.map(({ cell }) => cell.id.length))
  const saidWidth = Math.max(0, ...tried.map((each) => saidOf(each).length))
  return tried
    .map((each): Line => {
      const { cell, verdict, evidence } = each
      const [mark, tone]: readonly [string, Tone] = isWrong(each)
        ? ['✗', 'bad']
        : verdict === 'unknown'
          ? ['?', 'ask']
          : ['✓', 'good']
      const head = `${mark} ${column(cell.id, width)}  ${column(saidOf(each), saidWidth)}  `
      return [
        [head, tone],
        [evidence, 'quiet'],
      ]
    })
    .map((line) => renderLine(line, { ...style, width: Number.POSITIVE_INFINITY }))
    .join('\n')
}

function saidOf(each: VerifiedCell): string {
  return isWrong(each) ? `${each.verdict}, should be ${each.cell.expected}` : each.verdict
}

export interface Verified {
  readonly from: VerifyPlace
  readonly counts: VerifyCounts
  readonly results: readonly VerifiedCell[]
  readonly isVerbose: boolean
}

interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** What `verify` has to say: the matrix, what differs, and how much is known at all. */
export function verifiedText({ from, counts, results, isVerbose }: Verified, output: Output): string {
  const color = output.isTTY === true && process.env.NO_COLOR === undefined
  const style = { width: Math.max(output.columns ?? MOST_COLUMNS, LEAST_COLUMNS), color }
  const shown = isVerbose ? results : results.filter(isWrong)
  const { right, wrong, unknown } = counts
  return [
    `From here, the ${PLACE_NAMES[from]}:`,
    matrixText(results, style),
    ...(shown.length > 0 ? [evidenceText(shown, style)] : []),
    `${right} of ${results.length} cells are as the policy says, ${wrong} differ, ` +
      `${unknown} cannot be told from here${unknown > 0 ? ':' : '.'}`,
    ...reasonLines(results).map((line) => renderLine(line, style)),
  ].join('\n')
}

/** Why something is unknown, the most frequent reason first; without addresses, which differ from cell to cell. */
function reasonLines(results: readonly VerifiedCell[]): Line[] {
  const counts = new Map<string, number>()
  for (const { verdict, evidence } of results) {
    if (verdict !== 'unknown') continue
    const reason = evidence.replace(/^\S+: /, '').replace(/ (?:in|within) \d+ ms/, '')
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => [[`? ${String(count).padStart(3)}  `, 'ask'], reason])
}
