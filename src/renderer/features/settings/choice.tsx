import { type ReactNode, useId } from 'react'

export interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string; readonly hint: string }[]
  readonly onChange: (value: Value) => void
}

/** One of a few ways that need a sentence each. */
export function Choice<Value extends string>(props: ChoiceProps<Value>): ReactNode {
  const { label, value, options, onChange } = props
  const name = useId()
  return (
    <fieldset className="ways">
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className="ways-option">
          <input
            type="radio"
            className="checkbox"
            name={name}
            checked={option.value === value}
            aria-describedby={`${name}-${option.value}`}
            onChange={() => onChange(option.value)}
          />
          <span className="ways-words">
            <span className="ways-label">{option.label}</span>
            <span id={`${name}-${option.value}`} className="field-hint">
              {option.hint}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
