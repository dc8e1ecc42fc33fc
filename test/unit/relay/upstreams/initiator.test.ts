import { describe, expect, test } from 'vitest'
import { hasImage, initiatorOf } from '../../../../src/relay/upstreams/copilot/initiator.ts'

const user = { role: 'user', content: 'hello' }
const assistant = { role: 'assistant', content: 'hi' }
const toolResult = { type: 'tool_result', tool_use_id: 't', content: 'ok' }

describe('who started a call', () => {
  test.each([
    ['a first prompt', { messages: [{ role: 'system', content: 's' }, user] }, 'user'],
    [
      'a later prompt after tools were used',
      { messages: [user, assistant, { role: 'tool' }, assistant, user] },
      'user',
    ],
    ['the result of a tool', { messages: [user, assistant, { role: 'tool', content: 'x' }] }, 'agent'],
    [
      'a reminder behind the result of a tool',
      { messages: [user, { role: 'tool' }, { role: 'system' }] },
      'agent',
    ],
    ['a prompt as plain text', { input: 'hello' }, 'user'],
    ['the output of a function', { input: [user, { type: 'function_call_output', output: 'x' }] }, 'agent'],
    [
      'a prompt of the Messages API',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] },
      'user',
    ],
    [
      'a tool result of the Messages API',
      { messages: [user, { role: 'user', content: [toolResult] }] },
      'agent',
    ],
    [
      'a tool result with a reminder',
      { messages: [{ role: 'user', content: [toolResult, { type: 'text', text: '<system-reminder>x' }] }] },
      'agent',
    ],
    [
      'a tool result with words of a person',
      { messages: [{ role: 'user', content: [toolResult, { type: 'text', text: 'and now stop' }] }] },
      'user',
    ],
    ['no messages at all', {}, 'user'],
  ])('%s', (_name, body, expected) => {
    expect(initiatorOf({}, body)).toBe(expected)
  })

  test('what the client says is honoured, and nonsense is not', () => {
    expect(initiatorOf({ 'x-initiator': 'agent' }, { messages: [user] })).toBe('agent')
    expect(initiatorOf({ 'x-initiator': 'user' }, { messages: [{ role: 'tool' }] })).toBe('user')
    expect(initiatorOf({ 'x-initiator': 'nobody' }, { messages: [user] })).toBe('user')
  })

  test('a sub-agent of Claude Code is no person', () => {
    expect(initiatorOf({ 'x-claude-code-agent-id': 'a1' }, { messages: [user] })).toBe('agent')
  })
})

test.each([
  ['chat', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }, true],
  ['responses', { input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, true],
  [
    'messages, in a tool result',
    { messages: [{ content: [{ type: 'tool_result', content: [{ type: 'image' }] }] }] },
    true,
  ],
  ['text only', { messages: [user] }, false],
])('an image is found in %s', (_name, body, expected) => {
  expect(hasImage(body)).toBe(expected)
})
