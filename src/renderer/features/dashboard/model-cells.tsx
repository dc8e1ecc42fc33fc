import { Fragment, type ReactNode } from 'react'
import type { Usage, UsageModel, UsagePrice } from '../../../shared/protocol/read-usage.ts'
import { numberText } from '../../ui/amount-text.ts'
import { Age, wholeText } from '../../ui/measures.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'

const { usage: say } = words.dashboard

/** How many premium requests one request to the model costs. */
export function Multiplier({ multiplier }: Pick<UsageModel, 'multiplier'>): ReactNode {
  if (multiplier === undefined) return <span className="faint">{say.multiplierUnknown}</span>
  const text = multiplier.value === 0 ? say.multiplierFree : `${numberText(multiplier.value)}×`
  return <span title={plain(multiplier.source, 120)}>{text}</span>
}

/** What a million tokens cost by list price; a model without one is not free. */
export function Price({ price }: Pick<UsageModel, 'price'>): ReactNode {
  if (price === undefined) return <span className="amount-unknown">{say.unknown}</span>
  return (
    <span className="no-break" title={priceFacts(price)}>
      {priceText(price.input, price.unit)} / {priceText(price.output, price.unit)}
    </span>
  )
}

/** A table may hold dollars and credits, so that dollars carry their sign. */
function priceText(value: number, unit: string): string {
  return unit === 'USD' ? `$${numberText(value, USD_DIGITS)}` : numberText(value)
}

const USD_DIGITS = 4

function priceFacts({ unit, perTokens, source }: UsagePrice): string {
  return say.priceHint(plain(unit, 60), wholeText(perTokens), plain(source, 120))
}

/** Unit, source and age of the prices in the table, each said once. */
export function PriceNote({ models }: Pick<Usage, 'models'>): ReactNode {
  const facts = new Map(
    models.flatMap(({ price }) => (price === undefined ? [] : [[priceFacts(price), price.asOf]])),
  )
  if (facts.size === 0) return null
  return (
    <p className="faint">
      {say.priceNote}
      {[...facts].map(([fact, asOf], index) => (
        <Fragment key={fact}>
          {index > 0 && '; '}
          {fact}
          {asOf !== undefined && (
            <>
              {', '}
              <Age at={Date.parse(asOf)} />
            </>
          )}
        </Fragment>
      ))}
      .
    </p>
  )
}
