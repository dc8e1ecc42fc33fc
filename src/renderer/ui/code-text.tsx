import { type ReactNode, useEffect, useState } from 'react'
import { words } from '../words/words.ts'
import { Button } from './button.tsx'
import './code-text.css'
import { plain } from './plain.ts'

export interface CodeTextProps {
  readonly text: string
  /** What it is, for the name of the Copy button: "Copy address". Without it there is no button. */
  readonly copyLabel?: string
}

/** Something to be typed or pasted elsewhere, as it is. */
export function CodeText({ text, copyLabel }: CodeTextProps): ReactNode {
  return (
    <span className="code-line">
      <code className="code-text">{plain(text, 2000)}</code>
      {copyLabel !== undefined && <CopyButton text={text} label={copyLabel} />}
    </span>
  )
}

export interface CopyButtonProps {
  readonly text: string
  readonly label?: string
  readonly size?: 's' | 'm'
}

const SAID_FOR_MS = 2000

/** Puts a text on the clipboard and says whether that worked. */
export function CopyButton({ text, label = words.ui.copy, size = 's' }: CopyButtonProps): ReactNode {
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'refused'>('none')
  useEffect(() => {
    if (outcome === 'none') return
    const timer = setTimeout(() => setOutcome('none'), SAID_FOR_MS)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('refused'),
    )
  }
  const said = { none: label, copied: words.ui.copied, refused: words.ui.copyRefused }[outcome]
  return (
    <span className="copy">
      <Button size={size} icon={outcome === 'copied' ? 'check' : 'copy'} onClick={copy}>
        {said}
      </Button>
      {/* Beside the button: what is a status within it would be no part of its name. */}
      <span className="visually-hidden" role="status">
        {outcome !== 'none' && said}
      </span>
    </span>
  )
}
