/** An element of an SVG file. Text and comments are left out. */
export interface SvgElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly SvgElement[]
}

interface OpenElement extends SvgElement {
  readonly children: SvgElement[]
}

const TAG = /<!--[\s\S]*?-->|<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/gi
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g

/** Reads what this project writes: no entities, no CDATA, no prologue. @returns the outermost element. */
export function readSvg(text: string): SvgElement {
  const top: OpenElement = { name: '', attributes: new Map(), children: [] }
  const open: OpenElement[] = [top]
  for (const [tag, end, name = '', attributes = '', isEmpty] of text.matchAll(TAG)) {
    if (tag.startsWith('<!--')) continue
    if (end === '/') {
      const closed = open.pop()
      if (closed?.name !== name) throw new Error(`</${name}> closes <${closed?.name}>.`)
      continue
    }
    const element: OpenElement = { name, attributes: attributesOf(attributes), children: [] }
    open.at(-1)?.children.push(element)
    if (isEmpty !== '/') open.push(element)
  }
  const [svg] = top.children
  if (svg?.name !== 'svg' || open.length !== 1) throw new Error('The text is no whole SVG.')
  return svg
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(ATTRIBUTE)].map(([, name = '', value = '']) => [name, value]))
}

/** Every element with an id, by it. */
export function elementsById(root: SvgElement): ReadonlyMap<string, SvgElement> {
  const found = new Map<string, SvgElement>()
  const look = (element: SvgElement): void => {
    const id = element.attributes.get('id')
    if (id !== undefined) found.set(id, element)
    element.children.forEach(look)
  }
  look(root)
  return found
}
