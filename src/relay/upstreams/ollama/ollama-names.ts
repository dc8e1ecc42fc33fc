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
  return patterns.some((pattern) =>
    fits(withTag(name), (pattern.endsWith('*') ? pattern : withTag(pattern)).split('*')),
  )
}

/** In one pass: a regular expression with several stars takes hours over a name that is made for it. */
function fits(name: string, [first = '', ...others]: readonly string[]): boolean {
  const last = others.pop()
  if (last === undefined) return name === first
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false
  const end = name.length - last.length
  let from = first.length
  return others.every((piece) => {
    const at = name.indexOf(piece, from)
    from = at + piece.length
    return at >= 0 && from <= end
  })
}

/** Ollama puts `latest` where no tag is named. */
export function withTag(name: string): string {
  return name.lastIndexOf(':') > name.lastIndexOf('/') ? name : `${name}:latest`
}
