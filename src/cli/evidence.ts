import type { Command } from 'commander'
import type { Context } from './context.ts'
import { evidenceCreateCommand } from './evidence-create.ts'
import { evidenceVerifyCommand } from './evidence-verify.ts'

export function evidenceCommand(program: Command, context: Context): void {
  const command = program
    .command('evidence')
    .summary('make bundles of evidence, and check them')
    .description('Makes bundles of evidence that anybody can check without this program, and checks them.')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline evidence create \'subject:"alice.meyer@corp.example"\' --from 2026-07-01 --to 2026-10-01 --purpose "Access review Q3" --requester "Ada Auditor" --output evidence-q3\n  throughline evidence verify evidence-q3 --key 3f1c…',
    )
  evidenceCreateCommand(command, context)
  evidenceVerifyCommand(command, context)
}
