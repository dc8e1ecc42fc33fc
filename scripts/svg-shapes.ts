import type { SvgElement } from './svg-elements.ts'

/** Whether a point of a drawing, y downwards, is inked. */
export type Shape = (x: number, y: number) => boolean

type Ids = ReadonlyMap<string, SvgElement>

/**
 * What an element covers, whatever its colour. It knows the part of SVG that our drawings use: groups, `use`, masks
 * in black and white, rectangles, circles, convex polygons, and lines with round ends. https://www.w3.org/TR/SVG2/
 */
export function shapeOf(element: SvgElement, ids: Ids): Shape {
  const inside = moved(ownShape(element, ids), element.attributes.get('transform'))
  const mask = element.attributes.get('mask')
  if (mask === undefined) return inside
  const isShown = maskShape(refered(/^url\(#(.+)\)$/, mask, ids), ids)
  return (x, y) => inside(x, y) && isShown(x, y)
}

function ownShape(element: SvgElement, ids: Ids): Shape {
  const { name, attributes, children } = element
  switch (name) {
    case 'g':
      return union(children.map((child) => shapeOf(child, ids)))
    case 'use':
      return shapeOf(refered(/^#(.+)$/, attributes.get('href') ?? '', ids), ids)
    case 'rect':
      return rectangle(element)
    case 'circle':
      return disc(number(element, 'cx'), number(element, 'cy'), number(element, 'r'))
    case 'polygon':
      return polygon(pointsOf(attributes.get('points') ?? ''))
    case 'line':
      return stroke(element)
    default:
      throw new Error(`<${name}> is not drawn here.`)
  }
}

function union(shapes: readonly Shape[]): Shape {
  return (x, y) => shapes.some((shape) => shape(x, y))
}

/** The topmost of what is painted in a mask says whether the point is shown. */
function maskShape({ children }: SvgElement, ids: Ids): Shape {
  const layers = children
    .map((child) => ({ shape: shapeOf(child, ids), isWhite: paintOf(child) === 'white' }))
    .reverse()
  return (x, y) => layers.find(({ shape }) => shape(x, y))?.isWhite ?? false
}

function paintOf({ name, attributes }: SvgElement): string | undefined {
  return attributes.get(name === 'line' ? 'stroke' : 'fill')
}

function rectangle(element: SvgElement): Shape {
  const [left, top] = [number(element, 'x'), number(element, 'y')]
  const [right, bottom] = [left + number(element, 'width'), top + number(element, 'height')]
  const radius = Number(element.attributes.get('rx') ?? 0)
  return (x, y) => {
    if (x < left || x > right || y < top || y > bottom) return false
    const overX = Math.max(left + radius - x, x - right + radius, 0)
    const overY = Math.max(top + radius - y, y - bottom + radius, 0)
    return overX === 0 || overY === 0 || overX ** 2 + overY ** 2 <= radius ** 2
  }
}

function disc(centreX: number, centreY: number, radius: number): Shape {
  return (x, y) => (x - centreX) ** 2 + (y - centreY) ** 2 <= radius ** 2
}

type Point = readonly [x: number, y: number]

/** A convex one: inside is on the same side of every edge. */
function polygon(points: readonly Point[]): Shape {
  const edges = points.map((from, index) => [from, points[(index + 1) % points.length] ?? from] as const)
  return (x, y) => {
    let isLeft = true
    let isRight = true
    for (const [[x1, y1], [x2, y2]] of edges) {
      const side = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
      isLeft &&= side <= 0
      isRight &&= side >= 0
    }
    return isLeft || isRight
  }
}

function stroke(element: SvgElement): Shape {
  if (element.attributes.get('stroke-linecap') !== 'round') throw new Error('Lines have round ends here.')
  const [x1, y1] = [number(element, 'x1'), number(element, 'y1')]
  const [x2, y2] = [number(element, 'x2'), number(element, 'y2')]
  const width = number(element, 'stroke-width')
  return (x, y) => {
    const along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
    const t = Math.min(1, Math.max(0, along))
    return (x - x1 - t * (x2 - x1)) ** 2 + (y - y1 - t * (y2 - y1)) ** 2 <= (width / 2) ** 2
  }
}

const STEP = /(translate|scale)\(([^)]*)\)/g

/** The steps move the drawing; a point is looked up where it was before them. */
function moved(shape: Shape, transform = ''): Shape {
  return [...transform.matchAll(STEP)].reduceRight((inner: Shape, [, kind, values = '']): Shape => {
    const [a = 0, b = kind === 'scale' ? a : 0] = values.split(/[\s,]+/).map(Number)
    return kind === 'scale' ? (x, y) => inner(x / a, y / b) : (x, y) => inner(x - a, y - b)
  }, shape)
}

function pointsOf(text: string): Point[] {
  return text.split(/\s+/).map((pair): Point => {
    const [x = Number.NaN, y = Number.NaN] = pair.split(',').map(Number)
    return [x, y]
  })
}

function number({ name, attributes }: SvgElement, key: string): number {
  const value = Number(attributes.get(key) ?? Number.NaN)
  if (Number.isNaN(value)) throw new Error(`<${name}> needs ${key} as a number.`)
  return value
}

function refered(form: RegExp, reference: string, ids: Ids): SvgElement {
  const element = ids.get(form.exec(reference)?.[1] ?? '')
  if (element === undefined) throw new Error(`Nothing is called ${reference}.`)
  return element
}
