/** What a property list of launchd.plist(5) can hold. */
export type PlistValue =
  | string
  | number
  | boolean
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue }

/** A whole property list as XML. */
export function plistText(value: PlistValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${element(value, '')}
</plist>
`
}

function element(value: PlistValue, indent: string): string {
  const inner = `${indent}  `
  switch (typeof value) {
    case 'string':
      return `${indent}<string>${xmlText(value)}</string>`
    case 'number':
      return `${indent}<integer>${value}</integer>`
    case 'boolean':
      return `${indent}<${value}/>`
    default:
  }
  if (isList(value))
    return [`${indent}<array>`, ...value.map((item) => element(item, inner)), `${indent}</array>`].join('\n')
  const entries = Object.entries(value).map(
    ([key, item]) => `${inner}<key>${xmlText(key)}</key>\n${element(item, inner)}`,
  )
  return [`${indent}<dict>`, ...entries, `${indent}</dict>`].join('\n')
}

function isList(value: object): value is readonly PlistValue[] {
  return Array.isArray(value)
}

function xmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
