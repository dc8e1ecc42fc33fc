import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { words } from '../words/words.ts'
import { IconButton } from './button.tsx'
import './dialog.css'

export interface DialogProps {
  readonly title: ReactNode
  readonly children: ReactNode
  /** Buttons at the bottom; the one that goes on comes last. */
  readonly actions?: ReactNode
  /** Escape and the cross. Left out where there is no way around an answer. */
  readonly onClose?: () => void
  readonly size?: 'm' | 'l'
}

/** A modal dialog: the browser keeps the focus inside and gives it back. Open for as long as it is drawn. */
export function Dialog({ title, children, actions, onClose, size = 'm' }: DialogProps): ReactNode {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // Closed while it is still in the page: only then does the browser give the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      className={`dialog dialog-${size}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        // Whoever shows the dialog decides when it goes.
        event.preventDefault()
        onClose?.()
      }}
    >
      <header className="dialog-head">
        <h2 id={titleId} className="dialog-title">
          {title}
        </h2>
        {onClose !== undefined && <IconButton label={words.ui.close} icon="close" onClick={onClose} />}
      </header>
      <div className="dialog-body">{children}</div>
      {actions !== undefined && <footer className="dialog-foot">{actions}</footer>}
    </dialog>
  )
}
