import type { Command } from 'commander'
import type { LoadedConfig } from '../config/load.ts'
import { keyFolder } from '../config/signing-key.ts'
import { loadTokenKey, pseudonymizer, tokenKeyFile } from '../config/token-key.ts'
import { type Redactor, redactor } from '../model/redact.ts'
import { createOutput, type Output } from './output.ts'
import { Signals } from './signals.ts'
import { Telemetry } from './telemetry.ts'

/** What every command gets from the process it runs in. */
export interface Context {
  readonly out: Output
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  readonly signals: Signals
  readonly telemetry: Telemetry
}

/** Options that commands on a store share. */
export interface StoreFlags {
  readonly store?: readonly string[]
  readonly config?: string
}

/** @param several whether the command reads several stores as one */
export function storeOptions(command: Command, { several = false } = {}): Command {
  const more = several ? '; may be repeated, and a folder of stores partition-N stands for all of them' : ''
  return command
    .option(
      '--store <dir>',
      `folder of the store${more} (default: "throughline-store", or the configured one)`,
      (path: string, all: readonly string[] = []) => [...all, path],
    )
    .option('--config <file>', 'configuration file (default: throughline.yaml, if it exists)')
}

export function createContext(): Context {
  const { env } = process
  const out = createOutput(env)
  const signals = new Signals()
  return { out, env, now: Date.now, signals, telemetry: new Telemetry({ out, env, signals }) }
}

/** Folder of the keys of all stores. */
export function folderOfKeys({ env }: Context, { config }: LoadedConfig): string {
  return keyFolder(env, config.ledger.keys)
}

/** The keyed hash for credentials of this user. */
export function tokenPseudonym(context: Context): (secret: string) => string {
  return pseudonymizer(loadTokenKey(tokenKeyFile(context.env)))
}

/** Stand-ins for people: made with the key that credentials are hashed with, by a rule of their own. */
export function ownRedactor({ env }: Context): Redactor {
  return redactor(loadTokenKey(tokenKeyFile(env)))
}
