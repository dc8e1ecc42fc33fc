import type { ReactNode } from 'react'
import type { Failure } from '../../shared/errors/app-error.ts'
import { Icon, TONE_ICONS } from './icon.tsx'
import './notice.css'
import { SafeText } from './safe-text.tsx'
import { Spinner } from './spinner.tsx'
import type { Tone } from './tone.ts'

export interface NoticeProps {
  readonly tone: Tone
  readonly title: ReactNode
  readonly children?: ReactNode
  /** Buttons that mend it. */
  readonly actions?: ReactNode
  /** Read out at once by a screen reader when it appears. */
  readonly isUrgent?: boolean
}

/** Something that one should know now: what happened, and what to do about it. */
export function Notice({ tone, title, children, actions, isUrgent = false }: NoticeProps): ReactNode {
  return (
    <div className={`notice tone-${tone}`} role={isUrgent ? 'alert' : undefined}>
      <span className="notice-icon">
        {tone === 'busy' ? <Spinner /> : <Icon name={tone === 'quiet' ? 'info' : TONE_ICONS[tone]} />}
      </span>
      <div className="notice-words">
        <p className="notice-title">{title}</p>
        {children !== undefined && <div className="notice-body">{children}</div>}
      </div>
      {actions !== undefined && <div className="notice-actions">{actions}</div>}
    </div>
  )
}

export interface FailureNoticeProps {
  readonly title: ReactNode
  /** An AppError is one too. */
  readonly failure: Pick<Failure, 'code' | 'message' | 'remedy'>
  readonly tone?: Tone
  readonly actions?: ReactNode
  readonly isUrgent?: boolean
}

/** A failure with its message, its remedy and its code, which the manual explains. */
export function FailureNotice(props: FailureNoticeProps): ReactNode {
  const { title, failure, tone = 'bad', actions, isUrgent = false } = props
  return (
    <Notice tone={tone} title={title} actions={actions} isUrgent={isUrgent}>
      <p>
        <SafeText text={failure.message} maxLength={1000} />
      </p>
      <p>
        <SafeText text={failure.remedy} maxLength={1000} />{' '}
        <code className="notice-code">{failure.code}</code>
      </p>
    </Notice>
  )
}
