import type { ReactNode } from 'react'
import { Icon } from '../../ui/icon.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import type { TextMistake } from './use-checked-text.ts'

const MOST_SHOWN = 50

export interface TextMistakesProps {
  readonly mistakes: readonly TextMistake[]
  /** Shows a line; without it, lines are only named. */
  readonly onLine?: (line: number) => void
}

/** What is wrong with a text, line by line. */
export function TextMistakes({ mistakes, onLine }: TextMistakesProps): ReactNode {
  const said = words.settings.fileSection
  const rest = mistakes.length - MOST_SHOWN
  return (
    <>
      <ul className="text-mistakes" aria-label={said.problems}>
        {mistakes.slice(0, MOST_SHOWN).map((mistake, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is drawn anew whenever it changes
          <li key={index} className="text-mistake tone-bad">
            <Icon name="alert" />
            <LineName line={mistake.line} onLine={onLine} />
            <span>
              {mistake.path !== '' && (
                <>
                  <code className="code-text">
                    <SafeText text={mistake.path} maxLength={120} />
                  </code>{' '}
                </>
              )}
              <SafeText text={mistake.text} maxLength={400} />
            </span>
          </li>
        ))}
      </ul>
      {rest > 0 && <p className="faint">{said.moreProblems(rest)}</p>}
    </>
  )
}

function LineName({
  line,
  onLine,
}: {
  readonly line: number | undefined
  readonly onLine: TextMistakesProps['onLine'] | undefined
}): ReactNode {
  const said = words.settings.fileSection
  if (line === undefined) return <span className="mistake-line">{said.wholeFile}</span>
  if (onLine === undefined) return <span className="mistake-line">{said.line(line)}</span>
  return (
    <button
      type="button"
      className="link mistake-line"
      title={said.goToLine(line)}
      onClick={() => onLine(line)}
    >
      {said.line(line)}
    </button>
  )
}
