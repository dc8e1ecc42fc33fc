import type { Histogram } from './histogram.ts'

export type MetricLabels = Readonly<Record<string, string>>

/**
 * Writes the Prometheus text format, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export class Exposition {
  static readonly CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
  private readonly lines: string[] = []

  /** Begins a family; its samples must follow at once. */
  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
    const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
    this.lines.push(`# HELP ${name} ${text}`, `# TYPE ${name} ${type}`)
  }

  /** `value` may be a decimal text, where a double would round. */
  sample(name: string, labels: MetricLabels, value: number | string): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`)
    this.lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`)
  }

  histogram(name: string, help: string, histogram: Histogram): void {
    this.family(name, 'histogram', help)
    for (const [index, bound] of histogram.bounds.entries()) {
      this.sample(`${name}_bucket`, { le: String(bound) }, histogram.counts[index] ?? 0)
    }
    this.sample(`${name}_bucket`, { le: '+Inf' }, histogram.count)
    this.sample(`${name}_sum`, {}, histogram.sum)
    this.sample(`${name}_count`, {}, histogram.count)
  }

  toString(): string {
    return `${this.lines.join('\n')}\n`
  }
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
