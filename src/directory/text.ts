/** Text of a file, or why it is none. */
export type Decoded = { readonly text: string } | { readonly line: number; readonly reason: string }

/**
 * Decodes what directory tools write. Windows PowerShell 5.1 has UTF-16LE with a byte order mark for `-Encoding
 * Unicode` and for `>`, UTF-8 with one for `UTF8`; PowerShell 7 has UTF-8 without (about_Character_Encoding,
 * https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding). Its `Default`
 * is the code page of the machine, which a file does not tell: such bytes are refused, as a guess could join two people.
 */
export function decodeText(bytes: Uint8Array): Decoded {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return { text: buffer.toString('utf16le', 2) }
  if (buffer[0] === 0xfe && buffer[1] === 0xff) {
    const even = Buffer.from(buffer.subarray(2, buffer.length - (buffer.length % 2)))
    return { text: even.swap16().toString('utf16le') }
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(buffer) }
  } catch {
    return { line: lineOfBadByte(buffer), reason: 'not UTF-8 or UTF-16; export again with -Encoding UTF8' }
  }
}

/** The first line that is not UTF-8. No byte of a longer character is a line feed, so lines can be tried one by one. */
function lineOfBadByte(buffer: Buffer): number {
  let line = 1
  for (let at = 0; at < buffer.length; line++) {
    const end = buffer.indexOf(10, at)
    const stop = end < 0 ? buffer.length : end + 1
    if (buffer.subarray(at, stop).toString('utf8').includes('\ufffd')) return line
    at = stop
  }
  return line
}
