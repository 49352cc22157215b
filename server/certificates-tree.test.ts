import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { leafHash, MerkleTree } from './certificates-tree.ts'

const rootOf = (leaves: Buffer[]) => {
  const tree = new MerkleTree()
  for (const leaf of leaves) tree.add(leaf)
  return tree.root().toString('hex')
}

// The leaves and roots that implementations of Certificate Transparency are held against.
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
test.each([
  [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  [4, 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  [6, '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  [7, 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
])('the root of %i leaves is that of RFC 6962', (count, root) => {
  expect(rootOf(leaves.slice(0, count).map((leaf) => leafHash(Buffer.from(leaf, 'hex'))))).toBe(root)
})

test('the tree of nothing is the hash of nothing', () => {
  expect(rootOf([])).toBe(createHash('sha256').digest('hex'))
})

test('a leaf is found again by the hashes beside its way up, in trees of every size', () => {
  for (let size = 1; size <= 33; size++) {
    const all = Array.from({ length: size }, (_, i) => leafHash(`${i}`))
    const root = rootOf(all)
    for (const [i, leaf] of all.entries()) expect(climb(leaf, i, all).toString('hex')).toBe(root)
    expect(climb(leafHash('other'), 0, all).toString('hex')).not.toBe(root)
  }
})

test('two leaves never pass for the node above them', () => {
  const [a, b] = [leafHash('a'), leafHash('b')]
  expect(rootOf([leafHash(Buffer.concat([a, b]))])).not.toBe(rootOf([a, b]))
})

/** Written from the definition, top down: split at the largest power of two below the size. */
function climb(leaf: Buffer, index: number, all: Buffer[]): Buffer {
  if (all.length === 1) return leaf
  const split = 2 ** Math.floor(Math.log2(all.length - 1))
  const [left, right] = [all.slice(0, split), all.slice(split)]
  const node = (a: Buffer, b: Buffer) => createHash('sha256').update(Buffer.of(1)).update(a).update(b).digest()
  const whole = (part: Buffer[]) => climb(part[0]!, 0, part)
  return index < split
    ? node(climb(leaf, index, left), whole(right))
    : node(whole(left), climb(leaf, index - split, right))
}
