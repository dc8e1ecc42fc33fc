import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rewriteModel } from '../../../../../src/relay/upstreams/routing/rewrite-model.ts'

const rewrite = (text: string, model: string): string => rewriteModel(Buffer.from(text), model).toString()

const blank = fc.array(fc.constantFrom(' ', '\t', '\n', '\r'), { maxLength: 3 }).map((all) => all.join(''))
const jsonText = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.jsonValue().map((value) => JSON.stringify(value, null, 2)),
  fc.constantFrom('12345678901234567890', '1e400', '-0.0', '1E-07', '"\\u006dodel"', '"a\\\\"', '"\\""'),
  fc.constantFrom('{"model":"inner"}', '[{"model":"inner"}]', '"\\"model\\":\\"x\\""', '{"a":{"model":{}}}'),
)
const otherKey = fc.string({ unit: 'grapheme' }).map((key) => JSON.stringify(key))
const modelKey = fc.constantFrom('"model"', '"mod\\u0065l"', '"\\u006D\\u006f\\u0064\\u0065\\u006C"')

/** Members of an object as somebody might write them, with all the blanks that are allowed. */
const members = fc.array(
  fc.record({
    key: fc.oneof({ weight: 4, arbitrary: otherKey }, { weight: 1, arbitrary: modelKey }),
    value: jsonText,
    blanks: fc.tuple(blank, blank, blank, blank),
  }),
  { maxLength: 8 },
)
type Members = typeof members extends fc.Arbitrary<infer T> ? T : never

function write(all: Members, model?: string): string {
  const texts = all.map(({ key, value, blanks: [a, b, c, d] }) => {
    const isModel = JSON.parse(key) === 'model' && model !== undefined
    return `${a}${key}${b}:${c}${isModel ? JSON.stringify(model) : value}${d}`
  })
  return `{${texts.join(',')}}`
}

test('only the values of "model" change, and every other byte stays', () => {
  fc.assert(
    fc.property(members, blank, blank, fc.string({ unit: 'grapheme' }), (all, before, after, model) => {
      expect(rewrite(`${before}${write(all)}${after}`, model)).toBe(`${before}${write(all, model)}${after}`)
    }),
  )
})

test('whoever reads the result finds the same as before, but for the model', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.jsonValue(),
      fc.string(),
      (rest, old, model) => {
        const asked = JSON.stringify({ ...rest, model: old })
        expect(JSON.parse(rewrite(asked, model))).toEqual({ ...JSON.parse(asked), model })
      },
    ),
  )
})

test.each([
  ['{"model":"a"}', '{"model":"b"}'],
  ['{"seed":12345678901234567890,"model":"a"}', '{"seed":12345678901234567890,"model":"b"}'],
  ['{"model":"a","model":"c"}', '{"model":"b","model":"b"}'],
  ['{"metadata":{"model":"a"},"model":"a"}', '{"metadata":{"model":"a"},"model":"b"}'],
  ['{"model":["a",{"model":1}] ,"x":1}', '{"model":"b" ,"x":1}'],
  [
    '{"messages":[{"content":"\\"model\\":\\"a\\""}],"model":null}',
    '{"messages":[{"content":"\\"model\\":\\"a\\""}],"model":"b"}',
  ],
  ['{"note":"model","model":"a"}', '{"note":"model","model":"b"}'],
  ['{"x":1}', '{"x":1}'],
  ['{}', '{}'],
])('%s becomes %s', (json, expected) => {
  expect(rewrite(json, 'b')).toBe(expected)
})

test('a name with signs of its own is written as JSON', () => {
  expect(rewrite('{"model":"a"}', 'x"\\\n')).toBe('{"model":"x\\"\\\\\\n"}')
})

test('bytes that are no text pass as they are', () => {
  const json = Buffer.concat([
    Buffer.from('{"x":"'),
    Buffer.from([0xff, 0xc3]),
    Buffer.from('","model":"a"}'),
  ])
  const expected = Buffer.concat([json.subarray(0, -3), Buffer.from('b"}')])
  expect(rewriteModel(json, 'b')).toEqual(expected)
})
