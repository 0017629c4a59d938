// The script of verify.html: checks a bundle in a browser, from a folder that is chosen or dropped. Nothing is sent anywhere.
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { verifyAny } from '../verify/any.ts'
import { PARTS } from '../verify/findings.ts'
import { exitCodeOf, MEANINGS, verdictLines } from '../verify/print.ts'

const CRYPTO = {
  sha256: data => sha256(data),
  hashInto: (data, into, at) => into.set(sha256(data), at),
  hasher: () => sha256.create(),
  verify: (publicKey, message, signature) => {
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false })
    } catch {
      return false
    }
  },
}

const at = id => document.getElementById(id)

/** Bytes of a file in pieces. */
async function* pieces(file) {
  const reader = file.stream().getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
}

/** @param files [name below the folder, File] */
function bundleOf(files) {
  const byName = new Map(files)
  return { names: [...byName.keys()], read: name => pieces(byName.get(name)) }
}

/** What was checked last: it is checked again when something more is known. */
let last = []

async function check(files) {
  if (files.length === 0) return
  last = files
  at('state').textContent = `Checking ${files.length} files …`
  at('result').hidden = true
  await new Promise(resolve => setTimeout(resolve, 30))
  const known = at('checkpoint').files[0]
  const verification = await verifyAny(bundleOf(files), CRYPTO, {
    keys: at('key')
      .value.split(/[\s,]+/)
      .filter(key => key !== ''),
    checkpoints: known ? [await known.text()] : [],
  })
  show(verification)
  // For those who drive this page by a program.
  window.verification = { ...verification, exitCode: exitCodeOf(verification) }
}

/** Checks files that a program hands over: `[name, bytes]`. */
window.checkFiles = async (files, key) => {
  at('key').value = key ?? ''
  await check(files.map(([name, bytes]) => [name, new File([bytes], name)]))
  return window.verification
}

function show(verification) {
  at('state').textContent = ''
  const { unreadable, parts, anchors } = verification
  const hasFailed = exitCodeOf(verification) !== 0
  const cards = unreadable
    ? []
    : PARTS.map(part => {
        const card = document.createElement('section')
        card.className = parts[part].verdict.replace(' ', '-').toLowerCase()
        card.append(
          line('h2', part),
          line('strong', parts[part].verdict),
          line('p', MEANINGS[part][parts[part].verdict]),
        )
        return card
      })
  at('cards').replaceChildren(...cards)
  at('anchor').hidden = hasFailed || anchors.length > 0
  at('failed').hidden = !hasFailed || Boolean(unreadable)
  at('lines').textContent = verdictLines(verification).join('\n')
  at('result').hidden = false
}

function line(name, text) {
  const element = document.createElement(name)
  element.textContent = text
  return element
}

/** Names below the chosen folder. */
const chosen = input => [...input.files].map(f => [f.webkitRelativePath.split('/').slice(1).join('/'), f])

/** Files below a dropped folder; its own name is left out. */
async function dropped(entry, prefix, isTop) {
  if (entry.isFile) return [[prefix + entry.name, await new Promise((yes, no) => entry.file(yes, no))]]
  const inside = isTop ? '' : `${prefix}${entry.name}/`
  const reader = entry.createReader()
  const entries = []
  for (;;) {
    const more = await new Promise((yes, no) => reader.readEntries(yes, no))
    if (more.length === 0) break
    entries.push(...more)
  }
  return (await Promise.all(entries.map(e => dropped(e, inside, false)))).flat()
}

const run = files =>
  Promise.resolve(files)
    .then(check)
    .catch(error => {
      at('state').textContent = `This cannot be read: ${error.message}`
      window.verification = { unreadable: error.message, exitCode: 3 }
    })

at('folder').addEventListener('change', event => run(chosen(event.target)))
for (const id of ['key', 'checkpoint']) at(id).addEventListener('change', () => run(last))
const zone = at('zone')
zone.addEventListener('dragover', event => event.preventDefault())
zone.addEventListener('drop', event => {
  event.preventDefault()
  const entry = event.dataTransfer.items[0]?.webkitGetAsEntry()
  if (entry) run(dropped(entry, '', entry.isDirectory))
})
