import { randomBytes } from 'node:crypto'
import type { Exchange } from '../server/route.ts'

/**
 * The sign-in page. It holds nothing private: what it does needs admin rights, which the admin socket and the
 * bridge have by themselves and everybody else shows with the admin token.
 */
export async function sendAuthPage({ response, access }: Exchange): Promise<void> {
  const nonce = randomBytes(16).toString('base64')
  const page = pageFor(nonce, access === 'admin')
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page),
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  response.end(page)
}

const ASK_FOR_TOKEN = `<p><label>Admin token of the relay<br>
<input id="token" type="password" autocomplete="off" size="48"></label></p>
<p class="hint">Make one with <code>sovereign relay clients admin-token</code>, or sign in on the relay itself with
<code>sovereign relay login</code>.</p>`

function pageFor(nonce: string, isAdmin: boolean): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in to Copilot</title>
<style nonce="${nonce}">
body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
#code{font:600 2.5rem ui-monospace,monospace;letter-spacing:.15em}
.hint{opacity:.75}button,input{font:inherit;padding:.4rem .8rem}
</style></head><body>
<h1>Sign in to Copilot</h1>
${isAdmin ? '' : ASK_FOR_TOKEN}
<p><button id="start">Start</button></p>
<div aria-live="polite"><p id="code"></p><p id="link"></p><p id="says"></p></div>
<script nonce="${nonce}">
const $ = (id) => document.getElementById(id)
const call = async (path, body) => {
  const headers = { 'content-type': 'application/json' }
  if ($('token')?.value) headers.authorization = 'Bearer ' + $('token').value
  const reply = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
  const json = await reply.json()
  if (!reply.ok) throw new Error(json.error.message)
  return json
}
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
$('start').onclick = async () => {
  $('start').disabled = true
  try {
    const flow = await call('/auth/device', {})
    $('code').textContent = flow.user_code
    const link = document.createElement('a')
    link.href = flow.verification_uri
    link.target = '_blank'
    link.rel = 'noreferrer'
    link.textContent = flow.verification_uri
    $('link').replaceChildren('Enter the code at ', link)
    for (;;) {
      const state = await call('/auth/poll', { flow_id: flow.flow_id })
      $('says').textContent = state.message
      if (state.status !== 'pending') break
      await wait(Math.max(1000, state.retry_after_ms ?? 5000))
    }
  } catch (error) {
    $('says').textContent = error.message
  } finally {
    $('start').disabled = false
  }
}
</script></body></html>
`
}
