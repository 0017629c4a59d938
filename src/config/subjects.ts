import { z } from 'zod'
import { ThroughlineError } from '../errors.ts'
import type { AliasRule } from '../model/alias-rules.ts'
import { type AliasEntry, type AliasTable, compileAliases } from '../model/aliases.ts'
import { dayNumber } from '../model/time.ts'

const name = (description: string) => z.string().min(1).describe(description)

const day = (description: string) =>
  z
    .string()
    .refine(text => !Number.isNaN(dayNumber(text)), 'expected an existing day as YYYY-MM-DD')
    .optional()
    .describe(description)

/** The key `subjects` of the configuration. */
export const SUBJECTS = z
  .strictObject({
    aliases: z
      .array(
        z.strictObject({
          subject: name('The subject that the names mean, such as `ann.meyer@corp.example`.'),
          names: z
            .array(z.string().min(1))
            .min(1)
            .describe('Its names as logs write them, such as `CORP\\ann` or `client:4711`.'),
          from: day('First UTC day of the names, YYYY-MM-DD.'),
          to: day('The day after their last.'),
        }),
      )
      .default([])
      .describe('Names that mean one subject.'),
    rules: z
      .array(
        z.strictObject({
          match: name('Names with one `*` for a part of a name, such as `CORP\\*`.'),
          as: name('The subject they mean, `*` being that part: `*@corp.example`.'),
        }),
      )
      .default([])
      .describe('Names that follow a pattern; aliases go before rules, the first rule that matches before others.'),
  })
  .prefault({})
  .describe('Which names mean the same person, client or machine.') // biome-ignore format: a table

/**
 * Reads the aliases of a configuration.
 *
 * @param path the file, for the message
 * @throws CONFIG_INVALID, one line a problem: a name that is nobody, an empty period, a name of two subjects, names or
 * rules that lead back to themselves
 */
export function validateAliases(
  subjects: { readonly aliases: readonly AliasEntry[]; readonly rules: readonly AliasRule[] },
  path: string,
): AliasTable {
  const { table, problems } = compileAliases(subjects.aliases, subjects.rules)
  if (problems.length === 0) return table
  const lines = problems.map(({ at, message }) => `config ${path}: subjects.${at || 'aliases'}: ${message}`)
  throw new ThroughlineError('CONFIG_INVALID', lines.join('\n'), { path, problems })
}
