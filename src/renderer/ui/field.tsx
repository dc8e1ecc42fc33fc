import { type ReactNode, type Ref, useId } from 'react'
import './field.css'
import { Icon } from './icon.tsx'

interface FieldProps {
  readonly label: ReactNode
  /** What it is for, or the form it has. */
  readonly hint?: ReactNode
  /** What is wrong with the value; the field is marked as wrong while it is given. */
  readonly error?: ReactNode
}

/** What ties a control to its label, hint and mistake. */
interface Ties {
  readonly id: string
  readonly 'aria-invalid': true | undefined
  readonly 'aria-describedby': string | undefined
}

interface FrameProps {
  readonly of: FieldProps
  readonly control: (ties: Ties) => ReactNode
}

/** A control under its label, with hint and mistake tied to it for screen readers. */
function Field({ of: { label, hint, error }, control }: FrameProps): ReactNode {
  const id = useId()
  const parts = [hint === undefined ? [] : `${id}-hint`, error === undefined ? [] : `${id}-error`].flat()
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {control({
        id,
        'aria-invalid': error !== undefined || undefined,
        'aria-describedby': parts.length === 0 ? undefined : parts.join(' '),
      })}
      {error !== undefined && (
        <p id={`${id}-error`} className="field-error">
          <Icon name="alert" /> <span>{error}</span>
        </p>
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  )
}

export interface InputProps extends FieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly onBlur?: () => void
  readonly type?: 'text' | 'password' | 'number' | 'search' | 'url'
  readonly placeholder?: string
  readonly isDisabled?: boolean
  readonly isRequired?: boolean
  readonly isMono?: boolean
  readonly autoComplete?: string
  readonly maxLength?: number
  /** Names of a `datalist`. */
  readonly list?: string
  readonly ref?: Ref<HTMLInputElement>
}

export function Input(props: InputProps): ReactNode {
  const { value, onChange, onBlur, type = 'text', isMono = false, ref } = props
  return (
    <Field
      of={props}
      control={(ties) => (
        <input
          {...ties}
          ref={ref}
          className={isMono ? 'input mono' : 'input'}
          type={type}
          value={value}
          placeholder={props.placeholder}
          disabled={props.isDisabled}
          required={props.isRequired}
          maxLength={props.maxLength}
          list={props.list}
          autoComplete={props.autoComplete ?? 'off'}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
          onBlur={onBlur}
        />
      )}
    />
  )
}

export interface TextAreaProps extends FieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly rows?: number
  readonly isReadOnly?: boolean
  readonly ref?: Ref<HTMLTextAreaElement>
}

/** Code or settings: as typed, in fixed width. */
export function TextArea(props: TextAreaProps): ReactNode {
  const { value, onChange, rows = 12, isReadOnly = false, ref } = props
  return (
    <Field
      of={props}
      control={(ties) => (
        <textarea
          {...ties}
          ref={ref}
          className="input mono"
          rows={rows}
          value={value}
          readOnly={isReadOnly}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    />
  )
}

export interface SelectProps<Value extends string> extends FieldProps {
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  readonly onChange: (value: Value) => void
  readonly isDisabled?: boolean
}

export function Select<Value extends string>(props: SelectProps<Value>): ReactNode {
  const { value, options, onChange, isDisabled = false } = props
  return (
    <Field
      of={props}
      control={(ties) => (
        <select
          {...ties}
          className="input select"
          value={value}
          disabled={isDisabled}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.target.value)
            if (chosen !== undefined) onChange(chosen.value)
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    />
  )
}

export interface ToggleProps {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
  readonly isDisabled?: boolean
}

export function Checkbox(props: ToggleProps): ReactNode {
  return <Toggle {...props} look="checkbox" />
}

/** Takes effect at once; what waits for a button is a Checkbox. */
export function Switch(props: ToggleProps): ReactNode {
  return <Toggle {...props} look="switch" />
}

function Toggle(props: ToggleProps & { readonly look: 'checkbox' | 'switch' }): ReactNode {
  const { label, hint, isOn, onChange, isDisabled = false, look } = props
  const id = useId()
  return (
    <div className="toggle">
      <input
        id={id}
        className={look}
        type="checkbox"
        role={look === 'switch' ? 'switch' : undefined}
        checked={isOn}
        disabled={isDisabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.target.checked)}
      />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  )
}
