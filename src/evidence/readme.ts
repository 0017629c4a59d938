import type { Query } from './schema.ts'

/** What somebody reads first who finds the folder. */
export function readmeText({ from, to, purpose }: Query, fingerprint: string): string {
  return `This folder is evidence about requests, made by Throughline.

Period   ${from} up to ${to} (UTC)
Purpose  ${purpose.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}

Open report.html in a browser: what was asked, how complete it is, what was found.

To check that nothing was altered, on any computer, without Throughline and without a network:

  in a browser   open verify.html and choose this folder
  with Node.js   node verify.mjs --key FINGERPRINT

FINGERPRINT is that of the store's key. Ask the owner of the store for it; do not take it from this folder.
This bundle says that it was signed with

  ${fingerprint}

Whoever distrusts this folder also distrusts the verify.mjs in it: take the same file from a copy of Throughline that
you trust (dist/evidence/verify.mjs), or run: throughline evidence verify FOLDER --key FINGERPRINT

Do not add, remove or change files here: it would no longer verify.

report.html         for people
population.csv      the requests, for spreadsheets
population.ndjson   the requests with all columns, one a line
exceptions.ndjson   what to know besides: doubtful links, open days, lines that could not be read, missing logs
completeness.json   what was read, stored and found, by source and hour
findings.ndjson     incidents, where rules were evaluated
sample.json         requests to look up in the original logs, chosen by a rule
sources.json        the original log files, with their SHA-256
query.json          what was asked, by whom and why
redaction.json      what is withheld
facts.ndjson        the log lines behind the requests, each with the salts of its leaf
links.ndjson        how the lines belong together
aliases.ndjson      names that mean one subject
proofs/             the ledger, its signed checkpoint, and hashes that lead from the lines to it
manifest.json       SHA-256 of every file, signed (DSSE)
verify.mjs, verify.html   the checks
`
}

/** The same of the bundles of several stores. */
export function combinedReadme(
  { from, to, purpose }: Query,
  stores: readonly { readonly name: string; readonly fingerprint: string }[],
): string {
  const width = stores.reduce((most, { name }) => Math.max(most, name.length), 0)
  return `This folder is evidence about requests, made by Throughline from ${stores.length} stores.

Period   ${from} up to ${to} (UTC)
Purpose  ${purpose.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}

Open report.html in a browser: what was asked, and what each store answered. Each has a bundle of its own below stores/.

To check that nothing was altered or left out, on any computer, without Throughline and without a network:

  in a browser   open verify.html and choose this folder
  with Node.js   node verify.mjs --key FINGERPRINT --key FINGERPRINT …

with the FINGERPRINT of every store's key. Ask the owner of the stores for them; do not take them from this folder. These
bundles say that they were signed with

${stores.map(({ name, fingerprint }) => `  ${name.padEnd(width)}  ${fingerprint}`).join('\n')}

Whoever distrusts this folder also distrusts the verify.mjs in it: take the same file from a copy of Throughline that
you trust (dist/evidence/verify.mjs), or run: throughline evidence verify FOLDER --key FINGERPRINT …

Do not add, remove or change files here: it would no longer verify.

report.html        for people
stores/            a bundle for each store; README.txt in each says what its files are
query.json         what was asked, by whom and why
combined.json      which bundles belong together, how many requests they have and their hash, signed by each store (DSSE)
verify.mjs, verify.html   the checks
`
}
