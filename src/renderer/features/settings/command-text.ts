/** A program and its arguments as one line each; as JSON where that could not be told apart. */
export function commandText(command: readonly string[]): string {
  const isPlain = command.every((part) => part !== '' && !/[\r\n]/.test(part))
  return isPlain && command[0]?.startsWith('[') === false ? command.join('\n') : JSON.stringify(command)
}

export function commandValue(text: string): unknown {
  if (text.startsWith('[')) {
    try {
      return JSON.parse(text)
    } catch {
      // Half typed: the schema objects to it as no program at all.
      return []
    }
  }
  return text.split(/\r?\n/).filter((line) => line !== '')
}
