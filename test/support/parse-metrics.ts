export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? ([^ ]+)$`)
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y
const VALUE = /^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/i

/**
 * A strict reader of the Prometheus text format: HELP, then TYPE, then all samples of a family together, counters
 * that end in _total, histograms whose buckets rise to +Inf and agree with _count, and no series twice.
 */
export function parseMetrics(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const samples: Sample[] = []
  const seen = new Set<string>()
  const families = new Set<string>()
  let family = ''
  let type = ''
  let helped = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const help = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line)
    const typed = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line)
    if (help?.[1] !== undefined) {
      helped = help[1]
      if (families.has(helped)) throw new Error(`family twice: ${line}`)
      families.add(helped)
    } else if (typed?.[1] !== undefined) {
      family = typed[1]
      type = typed[2] ?? ''
      if (family !== helped) throw new Error(`TYPE without its HELP: ${line}`)
      if (type === 'counter' && !family.endsWith('_total')) throw new Error(`counter without _total: ${line}`)
    } else {
      const sample = parseSample(line)
      const suffix = sample.name.slice(family.length)
      const allowed = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      if (!sample.name.startsWith(family) || !allowed.includes(suffix))
        throw new Error(`stray sample: ${line}`)
      const key = line.slice(0, line.lastIndexOf(' '))
      if (seen.has(key)) throw new Error(`series twice: ${line}`)
      seen.add(key)
      samples.push(sample)
    }
  }
  checkHistograms(samples)
  return samples
}

function parseSample(line: string): Sample {
  const [, name = '', labelText = '', value = ''] = SAMPLE.exec(line) ?? []
  if (name === '' || !VALUE.test(value)) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < labelText.length) {
    const match = LABEL.exec(labelText)
    if (match?.[1] === undefined) throw new Error(`bad labels: ${line}`)
    labels[match[1]] = (match[2] ?? '').replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

function checkHistograms(samples: readonly Sample[]): void {
  for (const { name, value: count } of samples.filter((sample) => sample.name.endsWith('_count'))) {
    const buckets = samples.filter((sample) => sample.name === name.replace(/_count$/, '_bucket'))
    const rising = buckets.every(
      (bucket, index) => index === 0 || bucket.value >= (buckets[index - 1]?.value ?? 0),
    )
    const last = buckets.at(-1)
    if (!rising || last?.labels.le !== '+Inf' || last.value !== count)
      throw new Error(`bad histogram: ${name}`)
  }
}
