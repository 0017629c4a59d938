import { digest128, IDENTITY_VERSION } from '../model/ids.ts'

/** Identity key of an app hop, or of a gateway hop that has no id of its own. */
export function identityPrefix(kind: string, ...parts: string[]): Buffer {
  return Buffer.from(`throughline:${IDENTITY_VERSION}:${kind}\n${parts.map(p => `${p}\n`).join('')}`, 'utf8')
}

/** The digest of a prefix and the bytes of a line, as a hop id. Rows share few prefixes, so the last one is kept. */
export class IdentityHasher {
  #scratch = Buffer.allocUnsafeSlow(64 * 1024)
  #prefix: Buffer | undefined

  /** @param prefix must not change afterwards */
  digest(prefix: Buffer, line: Buffer, start: number, end: number): string {
    const size = prefix.length + end - start
    if (size > this.#scratch.length) {
      this.#scratch = Buffer.allocUnsafeSlow(size * 2)
      this.#prefix = undefined
    }
    if (prefix !== this.#prefix) {
      this.#scratch.set(prefix, 0)
      this.#prefix = prefix
    }
    line.copy(this.#scratch, prefix.length, start, end)
    return digest128(this.#scratch.subarray(0, size))
  }
}
