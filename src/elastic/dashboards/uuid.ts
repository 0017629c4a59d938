import { hash } from 'node:crypto'

/** A UUID made of a name: the same name, the same UUID (version 8 of RFC 9562: bits of our own, from SHA-256). */
export function uuidOf(...names: readonly string[]): string {
  const hex = hash('sha256', ['throughline', ...names].join('/'), 'hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}
