import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where the key is kept: `THROUGHLINE_KEY_FILE`, else below the user's configuration folder. */
export function tokenKeyFile(env: NodeJS.ProcessEnv): string {
  const folder = env.XDG_CONFIG_HOME || join(homedir(), '.config')
  return env.THROUGHLINE_KEY_FILE || join(folder, 'throughline', 'token.key')
}

/** The key that access tokens are hashed with; made on first use, readable by its owner only, outside every store. */
export function loadTokenKey(file: string): Buffer {
  if (!existsSync(file)) make(file)
  return readFileSync(file)
}

/** Of two processes that make it at once, one does, and both read the same whole key. */
function make(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  writeFileSync(temporary, randomBytes(32), { mode: 0o600, flag: 'wx' })
  try {
    chmodSync(temporary, 0o600)
    linkSync(temporary, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(temporary)
  }
}

/** A credential as it is stored: `hmac:` and 16 hex digits of its keyed hash, a dot, its last four characters. */
export function pseudonymizer(key: Buffer): (secret: string) => string {
  return secret => {
    const digest = createHmac('sha256', key).update(secret, 'latin1').digest('hex').slice(0, 16)
    return `hmac:${digest}.${secret.length > 12 ? secret.slice(-4) : ''}`
  }
}
