import type { AliasEntry } from '../model/aliases.ts'

export type DirectoryFormat = 'ad-csv' | 'ldif' | 'okta-json' | 'plain-csv'

/** Why a record, or a part of it, gives no alias. */
export interface DirectoryProblem {
  /** Line the record begins on, from 1. */
  readonly line: number
  readonly reason: string
}

/**
 * What a directory file says. Each record gives an entry (rows of a plain CSV share one), is skipped, or has a problem
 * that says why it gives none; further problems tell of names that are not used.
 */
export interface DirectoryImport {
  /** undefined: not recognised, and the one problem says so. */
  readonly format: DirectoryFormat | undefined
  readonly entries: readonly AliasEntry[]
  readonly problems: readonly DirectoryProblem[]
  readonly records: number
  /** Records of what has no names: groups, units, containers, users with one name only. */
  readonly skipped: number
}

export interface DirectoryOptions {
  /** NetBIOS name of the domain, for account names in files that do not tell it. */
  readonly domain?: string | undefined
}

/** What is known of one account, whatever the file it came from. */
export interface Account {
  readonly line: number
  /** Candidates for the subject, best first; those that it is not are names too. */
  readonly subjects: readonly (string | undefined)[]
  readonly names: readonly (string | undefined)[]
  readonly from?: string | undefined
  readonly to?: string | undefined
}
