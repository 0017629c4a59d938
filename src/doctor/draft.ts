import { Document, Pair, Scalar, YAMLMap } from 'yaml'
import { safe } from '../model/text.ts'
import { type DraftInput, SECTIONS } from './draft-sections.ts'

/**
 * A configuration with what a look at logs showed. What is certain is set; what a person has to confirm, and what was
 * merely seen, is a comment.
 *
 * @returns YAML that the configuration's schema accepts
 */
export function draftConfig(input: DraftInput): string {
  const document = new Document()
  const map = new YAMLMap()
  document.contents = map as unknown as typeof document.contents
  document.commentBefore = comment(['Drafted by `throughline init` from what it read:', ...input.read])
  let pending: string[] = []
  for (const section of SECTIONS) {
    const { comment: lines, value = {} } = section(input)
    pending.push(comment(lines))
    for (const [name, item] of Object.entries(value)) {
      const key = new Scalar(name)
      key.commentBefore = pending.join('\n\n')
      key.spaceBefore = map.items.length > 0
      map.items.push(new Pair(key, document.createNode(item)))
      pending = []
    }
  }
  if (pending.length > 0) document.comment = pending.join('\n\n')
  return document.toString({ lineWidth: 0 })
}

/** Lines as the yaml package takes them; log text in them cannot end the comment. */
function comment(lines: readonly string[]): string {
  return lines.map(line => ` ${safe(line)}`.trimEnd()).join('\n')
}
