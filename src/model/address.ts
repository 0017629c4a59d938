import { BlockList, isIP } from 'node:net'

/** Whether a text is an address or a CIDR block. */
export function isAddressBlock(text: string): boolean {
  try {
    addressMatcher([text])
    return true
  } catch {
    return false
  }
}

/**
 * A test whether an address lies in any of these blocks.
 *
 * @param blocks addresses or CIDR blocks, IPv4 or IPv6
 * @throws RangeError naming a block that is neither
 */
export function addressMatcher(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/')
    const family = familyOf(address)
    const bits = prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix)
    if (!family || !Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv4' ? 32 : 128))
      throw new RangeError(block)
    list.addSubnet(address, bits, family)
  }
  return address => {
    const plain = address.replace(/%.*$/, '')
    const family = familyOf(plain)
    return family !== undefined && list.check(plain, family)
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined
}
