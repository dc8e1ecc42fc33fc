import type { ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { Badge } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import type { IdentityChoice } from './device-sign-in.ts'

interface Props {
  readonly wasTried: IdentityChoice | undefined
  readonly onToken: () => void
  readonly onChoose: (identity: IdentityChoice) => void
}

/** As whom the relay speaks to GitHub: what each way means, before anybody takes it. */
export function IdentityChoices({ wasTried, onToken, onChoose }: Props): ReactNode {
  return (
    <section className="stack" aria-label={words.signIn.chooseTitle}>
      <h3 className="choice-title">{words.signIn.chooseTitle}</h3>
      <p className="muted" role={wasTried === undefined ? undefined : 'alert'}>
        {wasTried === 'own' ? words.signIn.chooseTried : words.signIn.chooseText}
      </p>
      <Choice
        title={words.signIn.withToken}
        badge={
          <Badge tone="good" icon="check">
            {words.signIn.recommended}
          </Badge>
        }
        text={words.signIn.withTokenText}
      >
        <Button look="primary" onClick={onToken}>
          {words.signIn.useToken}
        </Button>
      </Choice>
      <Choice title={words.signIn.asOwn} text={words.signIn.asOwnText}>
        <Button onClick={() => onChoose('own')}>{words.signIn.useOwn}</Button>
      </Choice>
      <Choice
        title={words.signIn.asVscode}
        badge={
          <Badge tone="ask" icon="alert">
            {words.signIn.risk}
          </Badge>
        }
        text={words.signIn.asVscodeText}
      >
        <Button onClick={() => onChoose('vscode')}>{words.signIn.useVscode}</Button>
      </Choice>
    </section>
  )
}

interface ChoiceProps {
  readonly title: string
  readonly badge?: ReactNode
  readonly text: string
  readonly children: ReactNode
}

function Choice({ title, badge, text, children }: ChoiceProps): ReactNode {
  return (
    <div className="choice">
      <div className="row">
        <h4>{title}</h4>
        {badge}
      </div>
      <p className="muted">{text}</p>
      <div className="row">{children}</div>
    </div>
  )
}
