import type { ReactNode } from 'react'
import { Button, IconButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Input, Select } from '../../ui/field.tsx'
import { words } from '../../words/words.ts'
import type { EgressForm, RuleForm } from './egress-form.ts'
import { type EgressPartProps, listMistake } from './egress-part.ts'
import { nextId } from './settings-form.ts'

/** Hosts that go another way than the rest, in the order in which they are looked at. */
export function EgressRules({ egress, onChange, mistakeAt }: EgressPartProps): ReactNode {
  const said = words.settings.egress
  const { rules } = egress
  const changeRules = (change: (rules: EgressForm['rules']) => EgressForm['rules']): void =>
    onChange((before) => {
      const rules = change(before.rules)
      return { ...before, rules, hasTunnel: before.hasTunnel || rules.some(({ use }) => use === 'mtls') }
    })
  return (
    <Card
      title={said.rules}
      aside={
        <Button size="s" icon="plus" onClick={() => changeRules((before) => [...before, newRule(before)])}>
          {said.addRule}
        </Button>
      }
    >
      <p className="muted">{rules.length === 0 ? said.noRules : said.rulesIntro}</p>
      {rules.length > 0 && (
        <ol className="rows">
          {rules.map((rule, index) => (
            <RuleRow
              key={rule.id}
              rule={rule}
              position={index + 1}
              mistake={listMistake(mistakeAt, rule.hosts, 'rules', index, 'hosts')}
              onChange={(changed) =>
                changeRules((before) => before.map((one) => (one.id === rule.id ? changed : one)))
              }
              onUp={() => changeRules((before) => movedUp(before, index))}
              onRemove={() => changeRules((before) => before.filter(({ id }) => id !== rule.id))}
            />
          ))}
        </ol>
      )}
    </Card>
  )
}

function newRule(rules: EgressForm['rules']): RuleForm {
  return { id: nextId(rules), hosts: '', use: 'direct' }
}

function movedUp(rules: EgressForm['rules'], index: number): EgressForm['rules'] {
  const [rule] = rules.slice(index, index + 1)
  return rule === undefined || index === 0 ? rules : rules.toSpliced(index, 1).toSpliced(index - 1, 0, rule)
}

interface RuleRowProps {
  readonly rule: RuleForm
  readonly position: number
  readonly mistake: string | undefined
  readonly onChange: (rule: RuleForm) => void
  readonly onUp: () => void
  readonly onRemove: () => void
}

function RuleRow({ rule, position, mistake, onChange, onUp, onRemove }: RuleRowProps): ReactNode {
  const said = words.settings.egress
  return (
    <li className="egress-rule">
      <fieldset className="egress-rule-fields">
        <legend className="visually-hidden">{said.rule(position)}</legend>
        <Input
          label={said.ruleHosts}
          hint={position === 1 ? said.ruleHostsHint : undefined}
          error={mistake}
          value={rule.hosts}
          isRequired
          onChange={(hosts) => onChange({ ...rule, hosts })}
        />
        <Select
          label={said.ruleUse}
          value={rule.use}
          options={USES}
          onChange={(use) => onChange({ ...rule, use })}
        />
      </fieldset>
      <div className="row-actions">
        <IconButton label={said.ruleUp(position)} icon="up" isDisabled={position === 1} onClick={onUp} />
        <IconButton label={said.ruleRemove(position)} icon="trash" onClick={onRemove} />
      </div>
    </li>
  )
}

const USES = (['direct', 'mtls', 'deny'] as const).map((value) => ({
  value,
  label: words.settings.egress.ruleUses[value],
}))
