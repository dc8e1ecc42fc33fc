import fc from 'fast-check'
import { type ParseError, parse } from 'jsonc-parser'
import { describe, expect, test } from 'vitest'
import { copilotModels } from '../../../../src/relay/setup/models.ts'
import { openCodePart } from '../../../../src/relay/setup/opencode-config.ts'
import { mergeOpenCode } from '../../../../src/relay/setup/opencode-merge.ts'
import { removeFromOpenCode } from '../../../../src/relay/setup/opencode-restore.ts'
import { defaultModels } from '../../../../src/relay/setup/tiers.ts'

const MODELS = copilotModels({
  data: [
    { id: 'one', billing: { multiplier: 0 } },
    { id: 'two', billing: { multiplier: 1 }, is_chat_default: true, supported_endpoints: ['/responses'] },
  ],
})

function part(baseUrl = 'http://127.0.0.1:8080', models = MODELS) {
  return openCodePart({
    baseUrl,
    tokenRequired: false,
    routed: models,
    openRouter: undefined,
    defaults: defaultModels(models, undefined),
    defaultsProvider: 'sovereign',
  })
}
const merge = (source: string, wanted = part()) => mergeOpenCode(source, wanted, false)

/** JSON text with comments, trailing commas and odd spacing strewn in, as people write it. */
const jsoncText = fc
  .record({
    fields: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,6}$/).filter((key) => key !== 'model' && key !== 'provider'),
      fc.jsonValue({ maxDepth: 2 }),
    ),
    providers: fc.option(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.dictionary(fc.constant('npm'), fc.string())),
    ),
    indent: fc.constantFrom('', '  ', '\t', '      '),
    comment: fc.constantFrom('', '// note: { "provider": 1 },\n', '/* { */ ', '/* line\nline */\n'),
    eol: fc.constantFrom('\n', '\r\n'),
    trailing: fc.boolean(),
  })
  .map(({ fields, providers, indent, comment, eol, trailing }) => {
    const value = providers === null ? fields : { ...fields, provider: providers }
    let text = JSON.stringify(value, null, indent)
    if (trailing && Object.keys(value).length > 0) text = `${text.slice(0, -1)},${comment}}`
    return `${comment}${text.replace('{', () => `{${comment}`)}`
      .replaceAll('\r\n', '\n')
      .replaceAll('\n', eol)
  })

const read = (text: string): Record<string, unknown> => {
  const errors: ParseError[] = []
  const value = parse(text, errors, { allowTrailingComma: true })
  expect(errors).toEqual([])
  return value
}

describe('merging into any configuration', () => {
  test('adds our part and leaves every other value as it was', () => {
    fc.assert(
      fc.property(jsoncText, (source) => {
        const before = read(source)
        const after = read(merge(source).text)
        const providers = after.provider as Record<string, unknown>
        expect(providers.sovereign).toEqual(part().providers.sovereign)
        const { sovereign: _ours, ...others } = providers
        const { model: _model, small_model: _small, provider: _provider, ...rest } = after
        const { provider: providersBefore, ...restBefore } = before
        expect(rest).toEqual(restBefore)
        expect(others).toEqual(providersBefore ?? {})
      }),
    )
  })

  test('keeps every line that was there, comments too', () => {
    fc.assert(
      fc.property(jsoncText, (source) => {
        const after = merge(source).text
        // A comma after the last property and the closing brackets are what may change.
        const bare = (text: string) => text.replace(/[\s,{}]/g, '')
        const rest = [...bare(source)]
        for (const character of bare(after)) if (character === rest[0]) rest.shift()
        expect(rest.join('')).toBe('')
      }),
    )
  })

  test('finds nothing to change the second time', () => {
    fc.assert(
      fc.property(jsoncText, (source) => {
        const once = merge(source)
        expect(merge(once.text)).toEqual({ text: once.text, changes: [] })
      }),
    )
  })

  test.each(['{"provider":{},}', '{"model": "sovereign/x",}', '{\n  "provider": { /* none */ }, // mine\n}'])(
    'is undone in %j, where a comma follows the last property',
    (source) => {
      const { provider = {}, ...rest } = read(removeFromOpenCode(merge(source).text).text)
      expect([provider, rest]).toEqual([{}, {}])
    },
  )

  test('is undone by taking it out, apart from layout', () => {
    fc.assert(
      fc.property(jsoncText, (source) => {
        const { provider, ...rest } = read(removeFromOpenCode(merge(source).text).text)
        const { provider: before, ...restBefore } = read(source)
        expect(rest).toEqual(restBefore)
        expect(provider ?? {}).toEqual(before ?? {})
      }),
    )
  })
})

describe('our part', () => {
  test('goes into the file in its own indentation and touches no other line', () => {
    const source = '{\r\n    // mine\r\n    "theme": "x" // last\r\n}\r\n'
    const { text } = merge(source, part('http://127.0.0.1:1', MODELS.slice(0, 1)))
    expect(
      text.startsWith(
        '{\r\n    // mine\r\n    "theme": "x", // last\r\n    "provider": {\r\n        "sovereign"',
      ),
    ).toBe(true)
    expect(text.replaceAll('\r\n', '')).not.toContain('\n')
  })

  test('keeps a byte order mark', () => {
    expect(merge('\uFEFF{}').text.startsWith('\uFEFF{\n  "provider"')).toBe(true)
  })

  test('keeps what the user added to it', () => {
    const config = read(merge('{}').text) as never as Record<string, never>
    const own = JSON.parse(JSON.stringify(config))
    own.provider.sovereign.name = 'My relay'
    own.provider.sovereign.options.timeout = 5
    own.provider.sovereign.models.one.variants = { high: {} }
    own.provider.sovereign.models.one.name = 'The One'
    const { text, changes } = merge(JSON.stringify(own), part('http://127.0.0.1:9'))
    expect(changes).toEqual([
      '~ provider.sovereign.options.baseURL: http://127.0.0.1:8080/v1 -> http://127.0.0.1:9/v1',
    ])
    own.provider.sovereign.options.baseURL = 'http://127.0.0.1:9/v1'
    expect(read(text)).toEqual(own)
  })

  test('never shows an API key that was there before', () => {
    const source = '{ "provider": { "sovereign": { "options": { "apiKey": "sk-private" } } } }'
    const { text, changes } = merge(source)
    expect(changes.join('\n')).not.toContain('sk-private')
    expect(text).not.toContain('sk-private')
  })

  test('replaces a default of ours once its model is gone', () => {
    const { text } = merge(merge('{}').text, part(undefined, MODELS.slice(0, 1)))
    expect(read(text)).toMatchObject({ model: 'sovereign/one' })
  })

  test('keeps the models it has while the relay knows none', () => {
    const once = merge('{}').text
    expect(merge(once, part(undefined, []))).toEqual({ text: once, changes: [] })
  })
})

test.each([
  ['[]', 'holds no JSON object'],
  ['{ "provider": [] }', '"provider" is no JSON object'],
  ['{ "provider": { "sovereign": 1 } }', '"provider.sovereign" is no JSON object'],
  ['{ "a": 1', 'line 1'],
  ['{\n"a": 1,\n"b" 2 }', 'line 3, column 5'],
  ['<html>', 'line 1, column 1'],
  ['{ "provider": {}, "provider": { "x": {} } }', 'cannot be edited safely'],
])('%s is refused', (source, words) => {
  expect(() => merge(source)).toThrow(words)
})
