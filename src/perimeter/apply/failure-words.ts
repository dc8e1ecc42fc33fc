/** Before each complaint of a script of ours; there may be several. */
const OURS = 'sovereign: '

/** What went wrong, out of the last lines of a change that failed: its last command, and what that said. */
export function failureWords(log: readonly string[]): { readonly command?: string; readonly said: string } {
  const at = log.findLastIndex((line) => line.startsWith('+ '))
  const command = log[at]?.slice(2)
  const named = command === undefined ? {} : { command }
  // nft draws an arrow below the word that it does not like.
  const lines = log.slice(at + 1).filter((line) => !/^[\s^~]*$/.test(line))
  const ours = lines.filter((line) => line.startsWith(OURS)).map((line) => line.slice(OURS.length))
  if (ours.length > 0) return { ...named, said: ours.join('; ') }
  const said = lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return { ...named, said: said.trim() }
}
