import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { ThroughlineError } from '../errors.ts'

/** Folder of the keys of all stores: as configured, else below the user's configuration folder. Never inside a store. */
export function keyFolder(env: NodeJS.ProcessEnv, configured: string | undefined): string {
  const folder = env.XDG_CONFIG_HOME || join(homedir(), '.config')
  return configured ?? join(folder, 'throughline', 'keys')
}

/** The files of one store's keys; a name tells which key it is, so that a key is never written over another. */
export class KeyFiles {
  readonly folder: string

  /** @param keys folder of the keys of all stores */
  constructor(keys: string, storeId: string) {
    this.folder = join(keys, encodeURIComponent(storeId))
  }

  signingKeyFile(fingerprint: string): string {
    return join(this.folder, `signing-${fingerprint.slice(0, 16)}.pem`)
  }

  saltsFile(id: string): string {
    return join(this.folder, `salts-${id}.key`)
  }

  /**
   * The private key of a fingerprint; undefined where it is not here.
   *
   * @throws KEY_REFUSED
   */
  readSigningKey(fingerprint: string): KeyObject | undefined {
    const path = this.signingKeyFile(fingerprint)
    const pem = readPrivately(path)
    if (pem === undefined) return undefined
    try {
      return createPrivateKey(pem)
    } catch (cause) {
      throw refused(path, 'is no private key in PEM', 'restore it from a copy', cause)
    }
  }

  /**
   * The secret of a name; undefined where it is not here.
   *
   * @throws KEY_REFUSED
   */
  readSalts(id: string): Buffer | undefined {
    const path = this.saltsFile(id)
    const secret = readPrivately(path)
    if (secret === undefined || secret.length === SECRET_BYTES) return secret
    throw refused(path, `has ${secret.length} bytes, expected ${SECRET_BYTES}`, 'restore it from a copy')
  }

  /**
   * Makes a signing key (Ed25519, PKCS#8 in PEM).
   *
   * @param nameOf its fingerprint
   */
  makeSigningKey(nameOf: (key: KeyObject) => string): KeyObject {
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' })
    writePrivately(this.signingKeyFile(nameOf(privateKey)), Buffer.from(pem))
    return privateKey
  }

  /** Makes a secret for salts: 32 random bytes. */
  makeSalts(nameOf: (secret: Buffer) => string): Buffer {
    const secret = randomBytes(SECRET_BYTES)
    writePrivately(this.saltsFile(nameOf(secret)), secret)
    return secret
  }
}

const SECRET_BYTES = 32

/** Reads a file that nobody else may read. */
function readPrivately(path: string): Buffer | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return undefined
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8)
    throw refused(path, `has mode ${mode}, so that others may read or change it`, `run: chmod 600 ${path}`)
  }
  return readFileSync(path)
}

/** Creates a file with all its bytes or not at all, durably: what a ledger names must not be lost with the machine. */
function writePrivately(path: string, bytes: Buffer): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const fd = openSync(temporary, 'wx', 0o600)
    try {
      writeSync(fd, bytes)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    linkSync(temporary, path)
  } finally {
    removeQuietly(temporary)
  }
  for (const folder of [dirname(path), dirname(dirname(path))]) syncFolder(folder)
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It was not made; what went wrong before is what counts.
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function refused(path: string, found: string, advice: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError(
    'KEY_REFUSED',
    `key ${path}: it ${found}; a store is signed with a key that its owner alone can read; ${advice}`,
    { path, found },
    cause,
  )
}
