import type { ReactNode, Ref } from 'react'
import './button.css'
import { Icon, type IconName } from './icon.tsx'
import { Spinner } from './spinner.tsx'

export interface ButtonProps {
  readonly children: ReactNode
  readonly onClick?: () => void
  readonly look?: 'primary' | 'plain' | 'quiet' | 'danger'
  readonly size?: 'm' | 's' | 'l'
  readonly icon?: IconName
  readonly type?: 'button' | 'submit'
  readonly isDisabled?: boolean
  /** Shows that its action runs; a click does nothing, and the focus stays. */
  readonly isBusy?: boolean
  readonly describedBy?: string
  readonly ref?: Ref<HTMLButtonElement>
}

export function Button(props: ButtonProps): ReactNode {
  const { children, onClick, look = 'plain', size = 'm', icon, type = 'button' } = props
  const { isDisabled = false, isBusy = false, describedBy, ref } = props
  return (
    <button
      ref={ref}
      type={type}
      className={`button button-${look} button-${size}`}
      disabled={isDisabled}
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      aria-describedby={describedBy}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
    >
      {isBusy ? <Spinner /> : icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  )
}

export interface IconButtonProps {
  /** Its name for a screen reader, and the hint under the pointer. */
  readonly label: string
  readonly icon: IconName
  readonly onClick: () => void
  readonly isDisabled?: boolean
}

export function IconButton({ label, icon, onClick, isDisabled = false }: IconButtonProps): ReactNode {
  return (
    <button
      type="button"
      className="button button-quiet button-icon"
      aria-label={label}
      title={label}
      disabled={isDisabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}
