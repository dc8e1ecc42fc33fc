import { describe, expect, test } from 'vitest'
import { enforceZeroRetention } from '../../../../src/relay/upstreams/openrouter/zero-retention.ts'

const enforce = (text: string): string => enforceZeroRetention(Buffer.from(text)).body.toString()

test('provider preferences are kept, and retention is switched off in them', () => {
  const body = JSON.parse(
    enforce('{"model":"a/b","x":1,"provider":{"order":["P"],"zdr":false,"data_collection":"allow"}}'),
  )
  expect(body).toEqual({ model: 'a/b', x: 1, provider: { order: ['P'], zdr: true, data_collection: 'deny' } })
})

test('a key that stands there twice ends up once, with retention off', () => {
  const text = enforce('{"provider":{"zdr":true},"model":"a/b","provider":{"zdr":false}}')
  expect(text.match(/provider/g)).toHaveLength(1)
  expect(JSON.parse(text)).toMatchObject({ provider: { zdr: true } })
})

test('numbers that JavaScript cannot hold pass unchanged', () => {
  expect(enforce('{"seed":12345678901234567890}')).toContain('"seed":12345678901234567890,')
})

test('a key named __proto__ is data like any other', () => {
  expect(enforce('{"__proto__":{"zdr":false},"model":"m"}')).toContain('"provider":{"zdr":true')
})

describe('refused because zero retention does not cover it', () => {
  test.each([
    ['{"model":"a/b:online"}'],
    ['{"model":"a/b","models":["c/d:online"]}'],
    ['{"model":"@preset/mine"}'],
    ['{"model":"a/b","preset":"mine"}'],
    ['{"model":"a/b","plugins":[{"id":"web"}]}'],
    ['{"model":"a/b","web_search_options":{}}'],
    ['{"model":"a/b","tools":[{"type":"web_search_20250305","name":"web_search"}]}'],
    ['{"model":"a/b","tools":[{"type":"openrouter:web_search"}]}'],
    ['{"model":"a/b","messages":[{"role":"user","content":[{"type":"file","file":{}}]}]}'],
  ])('%s', (text) => {
    expect(() => enforce(text)).toThrow(expect.objectContaining({ code: 'relay.escapes-zdr' }))
  })
})

test.each([['not json'], ['[]'], ['"x"'], ['null'], [''], ['{"provider":"p"}'], ['{"provider":[]}']])(
  'a body that cannot be changed safely is refused: %s',
  (text) => {
    expect(() => enforce(text)).toThrow(expect.objectContaining({ code: 'relay.body-invalid' }))
  },
)

test('ordinary tools, also ones that are named after a search, are let through', () => {
  const text = '{"model":"a/b","tools":[{"type":"function","function":{"name":"web_search"}}],"plugins":[]}'
  expect(JSON.parse(enforce(text))).toMatchObject({ tools: [{ type: 'function' }] })
})
