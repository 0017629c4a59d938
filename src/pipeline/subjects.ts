import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { writeDurably } from '../ledger/durable.ts'
import type { FileRecord } from '../ledger/entry.ts'
import type { AliasEntry } from '../model/aliases.ts'
import { type RecordedAliases, recordedAliases } from '../requests/subjects.ts'
import { publishFile } from '../store/commit.ts'
import { layout } from '../store/layout.ts'
import type { Store } from '../store/store.ts'

/** Puts the configured aliases into force where they are others than those in the store. */
export async function recordAliases(store: Store, { aliases, rules }: Config['subjects']): Promise<boolean> {
  const before = recordedAliases(store)
  const next = { ...before, aliases, rules }
  if (JSON.stringify(next) === JSON.stringify(before)) return false
  await appendAliases(store, next, 'configuration')
  return true
}

/** Puts the entries of a directory export into force; those of an earlier import of the same file are replaced. */
export async function importAliases(
  store: Store,
  file: string,
  entries: readonly AliasEntry[],
): Promise<void> {
  const before = recordedAliases(store)
  const others = before.imported.filter(i => i.file !== file)
  await appendAliases(store, { ...before, imported: [...others, { file, entries }] }, file)
}

/**
 * Puts aliases into force.
 *
 * @param from what brought them
 * @param dropped earlier files of aliases that go with it
 */
export async function appendAliases(
  store: Store,
  aliases: RecordedAliases,
  from: string,
  dropped: readonly FileRecord[] = [],
): Promise<void> {
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const temporary = join(layout.temporary(store.root), `subjects-${name}.json`)
  writeDurably(temporary, `${JSON.stringify(aliases)}\n`)
  const count = aliases.aliases.length + aliases.imported.reduce((sum, i) => sum + i.entries.length, 0)
  const file = await publishFile(store, temporary, layout.subjects(name), count)
  const gone = dropped.length > 0 ? { dropped: [...dropped] } : {}
  store.append({ kind: 'subjects', file, from, aliases: count, rules: aliases.rules.length, ...gone })
}
