// As in src/relay/upstreams/undici-parts.d.ts: a part of undici by itself, without the memory of the whole.

declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici'

  export = Client
}
