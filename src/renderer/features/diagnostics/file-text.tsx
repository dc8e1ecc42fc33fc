import { type ReactNode, useDeferredValue, useMemo, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { findLines, linesOf, splitAtHits } from './find-lines.ts'

const PAGE = 500
/** A line of a log may hold a whole document. */
const LONGEST_LINE = 2000

export interface FileTextProps {
  readonly name: string
  readonly text: string
}

/** The text of a file with its line numbers, and a search that keeps only the lines that match. */
export function FileText({ name, text }: FileTextProps): ReactNode {
  const [wanted, setWanted] = useState('')
  const [most, setMost] = useState(PAGE)
  const sought = useDeferredValue(wanted)
  const lines = useMemo(() => linesOf(text), [text])
  const found = useMemo(() => findLines(lines, sought), [lines, sought])
  const said = words.diagnostics
  const rest = Math.min(PAGE, found.length - most)
  return (
    <>
      <div className="report-tools">
        <input
          className="input"
          type="search"
          aria-label={said.search}
          placeholder={said.searchHint}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        <span className="faint" role="status">
          {sought.trim() === '' ? said.lines(lines.length) : said.matching(found.length, lines.length)}
        </span>
      </div>
      {/* A region that scrolls has to be reachable with the keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <section className="report-text" aria-label={said.preview(plain(name, 80))} tabIndex={0}>
        {found.length === 0 && <p className="muted">{lines.length === 0 ? said.emptyFile : said.noLines}</p>}
        <ol>
          {found.slice(0, most).map((line) => (
            <li key={line.number} className="report-line">
              <span className="report-number" aria-hidden="true">
                {line.number}
              </span>
              <code>
                <Hits text={plain(line.text, LONGEST_LINE)} wanted={sought} />
              </code>
            </li>
          ))}
        </ol>
        {rest > 0 && (
          <Button size="s" onClick={() => setMost(most + PAGE)}>
            {said.moreLines(rest)}
          </Button>
        )}
      </section>
    </>
  )
}

function Hits({ text, wanted }: { readonly text: string; readonly wanted: string }): ReactNode {
  return splitAtHits(text, wanted).map((part, index) => {
    const key = `${index}`
    return index % 2 === 1 ? <mark key={key}>{part}</mark> : <span key={key}>{part}</span>
  })
}
