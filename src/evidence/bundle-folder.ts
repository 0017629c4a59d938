import { createHash, type Hash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { passing } from '../failpoint.ts'
import { syncFolder } from '../ledger/durable.ts'
import { writerName } from '../ledger/writer.ts'

/** Bytes that are gathered before they are written. */
const BUFFER_BYTES = 1 << 20

/** A folder that gets its name when everything is in it, and of which nothing is left where that fails. */
export class BundleFolder {
  readonly #path: string
  readonly #temporary: string
  readonly #digests = new Map<string, string>()
  readonly #below: string

  /**
   * @param below the folder that is in it
   * @throws OUTPUT_EXISTS, OUTPUT_UNWRITABLE
   */
  constructor(path: string, below = 'proofs') {
    this.#path = resolve(path)
    this.#below = below
    if (existsSync(this.#path))
      throw new ThroughlineError('OUTPUT_EXISTS', `${path}: exists already; name a folder that does not exist yet`, { path })
    this.#temporary = join(dirname(this.#path), `.throughline-${writerName()}.part`)
    this.#writing(() => {
      rmSync(this.#temporary, { recursive: true, force: true })
      mkdirSync(join(this.#temporary, below), { recursive: true })
    })
  } // biome-ignore format: one line each

  /** SHA-256 of the files that were written, by name. */
  get digests(): ReadonlyMap<string, string> {
    return this.#digests
  }

  /** Where a file or folder is while everything is written. */
  pathOf(name: string): string {
    return join(this.#temporary, name)
  }

  /** A file that is written piece by piece; to be closed. */
  open(name: string): BundleFile {
    const path = join(this.#temporary, name)
    const fd = this.#writing(() => openSync(path, 'wx'))
    return new BundleFile(fd, path, action => this.#writing(action), digest => this.#digests.set(name, digest))
  } // biome-ignore format: one line

  write(name: string, content: string | Uint8Array): void {
    const file = this.open(name)
    file.write(content)
    file.close()
  }

  /** Fills the folder and gives it its name; of one that is not filled to the end nothing is left, however this ends. */
  async filled<T>(fill: () => Promise<T>): Promise<T> {
    const abandon = (): void => this.#abandon()
    process.once('exit', abandon)
    try {
      const filled = await fill()
      this.#finish()
      return filled
    } finally {
      // Once it has its name, there is nothing left to remove.
      abandon()
      process.removeListener('exit', abandon)
    }
  }

  /** Gives the folder its name. */
  #finish(): void {
    this.#writing(() => {
      syncFolder(join(this.#temporary, this.#below))
      syncFolder(this.#temporary)
      passing('rename', this.#path, () => renameSync(this.#temporary, this.#path))
      syncFolder(dirname(this.#path))
    })
  }

  /** Removes what was written so far. */
  #abandon(): void {
    rmSync(this.#temporary, { recursive: true, force: true })
  }

  #writing<T>(action: () => T): T {
    try {
      return action()
    } catch (cause) {
      if (!(cause instanceof Error) || (cause as NodeJS.ErrnoException).code === undefined) throw cause
      throw new ThroughlineError(
        'OUTPUT_UNWRITABLE',
        `${this.#path}: the bundle cannot be written: ${cause.message}; check the folder above it, its permissions and the space left. Nothing of it is left behind`,
        { path: this.#path },
        cause,
      )
    }
  }
}

/** A file of a bundle while it is written. */
export class BundleFile {
  readonly #fd: number
  readonly #path: string
  readonly #writing: (action: () => void) => void
  readonly #closed: (digest: string) => void
  readonly #hash: Hash = createHash('sha256')
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #filled = 0

  constructor(
    fd: number,
    path: string,
    writing: (action: () => void) => void,
    closed: (digest: string) => void,
  ) {
    this.#fd = fd
    this.#path = path
    this.#writing = writing
    this.#closed = closed
  }

  write(content: string | Uint8Array): void {
    const length = typeof content === 'string' ? content.length * 3 : content.length
    if (length > BUFFER_BYTES - this.#filled) this.#flush()
    if (length > BUFFER_BYTES) this.#put(Buffer.from(content as string))
    else if (typeof content === 'string') this.#filled += this.#buffer.write(content, this.#filled)
    else {
      this.#buffer.set(content, this.#filled)
      this.#filled += content.length
    }
  }

  close(): void {
    this.#flush()
    this.#writing(() => {
      fsyncSync(this.#fd)
      closeSync(this.#fd)
    })
    this.#closed(this.#hash.digest('hex'))
  }

  #flush(): void {
    this.#put(this.#buffer.subarray(0, this.#filled))
    this.#filled = 0
  }

  #put(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#hash.update(bytes)
    this.#writing(() =>
      passing('write', this.#path, () => {
        for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at, bytes.length - at)
      }),
    )
  }
}
