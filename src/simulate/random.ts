const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const TOKEN_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const TWO_PI = 2 * Math.PI

/**
 * A stream of reproducible random values: xoshiro128** by D. Blackman and S. Vigna (public domain,
 * https://prng.di.unimi.it/xoshiro128starstar.c), period 2^128 - 1. Not for secrets.
 *
 * Each purpose (arrivals, losses, ...) has a stream of its own, so that turning one knob leaves the rest of the
 * traffic as it was.
 */
export class Random {
  private a: number
  private b: number
  private c: number
  private d: number
  private spare: number | undefined

  /** @param stream the purpose; streams of one seed are independent */
  constructor(seed: number, stream: string) {
    const next = seeder(`${seed}/${stream}`)
    this.a = next()
    this.b = next()
    this.c = next()
    this.d = next() | 1 // the all-zero state would stay zero
  }

  /** A signed 32-bit integer, all bits random. */
  bits(): number {
    const product = Math.imul(this.b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = this.b << 9
    this.c ^= this.a
    this.d ^= this.b
    this.b ^= this.c
    this.a ^= this.d
    this.c ^= shifted
    this.d = (this.d << 11) | (this.d >>> 21)
    return result
  }

  /** In [0, 1), 32 bits of it random. */
  unit(): number {
    return (this.bits() >>> 0) / 0x1_0000_0000
  }

  /** True with the given probability. One value is always drawn, so that a knob at 0 keeps the stream in step. */
  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.unit() * limit)
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new RangeError('pick needs a list with items')
    return item
  }

  /** Exponential: gaps of a Poisson process with the given mean gap. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit())
  }

  /** Lognormal by its median, with sigma of the underlying normal. */
  lognormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal())
  }

  /** Standard normal by Box and Muller, whose second value waits for the next call. */
  private normal(): number {
    const { spare } = this
    this.spare = undefined
    if (spare !== undefined) return spare
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()))
    const angle = TWO_PI * this.unit()
    this.spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  /** Version 4 UUID, RFC 9562 section 5.4. */
  uuid(): string {
    const time = this.bits()
    const middle = (this.bits() & 0xffff_0fff) | 0x4000
    const clock = (this.bits() & 0x3fff_ffff) | 0x8000_0000
    return (
      `${hex16(time >>> 16)}${hex16(time)}-${hex16(middle >>> 16)}-${hex16(middle)}-${hex16(clock >>> 16)}-` +
      `${hex16(clock)}${this.hex(8)}`
    )
  }

  /** Lower-case hex digits; the length is even and at most 8. */
  hex(length: number): string {
    let bits = this.bits()
    let text = ''
    for (let done = 0; done < length; done += 2) {
      text += HEX[bits & 0xff]
      bits >>>= 8
    }
    return text
  }

  /** Letters and digits. */
  token(length: number): string {
    let text = ''
    for (let done = 0; done < length; done++) text += TOKEN_ALPHABET[this.below(TOKEN_ALPHABET.length)]
    return text
  }
}

function hex16(bits: number): string {
  return `${HEX[(bits >>> 8) & 0xff]}${HEX[bits & 0xff]}`
}

/** Initial state: FNV-1a over the text, then the finalizer of MurmurHash3 over a Weyl sequence (as SplitMix does). */
function seeder(text: string): () => number {
  let state = 0x811c_9dc5
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x0100_0193)
  return () => {
    state = (state + 0x9e37_79b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85eb_ca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
    return mixed ^ (mixed >>> 16)
  }
}
