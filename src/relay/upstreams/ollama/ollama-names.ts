/**
 * Every sign that can stand in a name, such as `hf.co/x/y:Q4_K_M`. Others are refused: what two programs might read
 * in two ways must not decide where a prompt goes.
 * https://github.com/ollama/ollama/blob/main/types/model/name.go
 */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:/@-]{0,349}$/

export function isModelName(text: string): boolean {
  return NAME.test(text)
}

/** @param patterns with `*` for anything; undefined lets everything through. */
export function isOpenModel(name: string, patterns: readonly string[] | undefined): boolean {
  if (patterns === undefined) return true
  return patterns.some((pattern) => {
    const whole = pattern.endsWith('*') ? pattern : withTag(pattern)
    return new RegExp(`^${whole.split('*').map(literally).join('.*')}$`).test(withTag(name))
  })
}

/** Ollama puts `latest` where no tag is named. */
export function withTag(name: string): string {
  return name.lastIndexOf(':') > name.lastIndexOf('/') ? name : `${name}:latest`
}

function literally(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}
