// The package, which ssh2 uses as well, publishes no types.

declare module 'bcrypt-pbkdf' {
  const bcrypt: {
    /** One bcrypt over two SHA-512 digests of 64 bytes each; writes 32 bytes to `out`. */
    hash(password: Uint8Array, salt: Uint8Array, out: Uint8Array): void
  }
  export = bcrypt
}
