// Merkle tree hashes as RFC 6962 §2.1 makes them: a leaf is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right), the
// tree of nothing SHA-256 of nothing; the left side of every node holds the largest power of two leaves below the whole.
// The first byte keeps a leaf from passing for a node.
import { createHash } from 'node:crypto'

export function leafHash(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(data).digest()
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest()
}

/** Takes leaf hashes one after the other; holds one hash for each power of two in their number. */
export class MerkleTree {
  /** Whole subtrees from the largest to the smallest, as the ones of `size` in binary. */
  readonly #subtrees: Buffer[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(leaf: Buffer): void {
    let hash = leaf
    for (let bit = 1; this.#size & bit; bit *= 2) hash = nodeHash(this.#subtrees.pop()!, hash)
    this.#subtrees.push(hash)
    this.#size++
  }

  root(): Buffer {
    if (this.#size === 0) return createHash('sha256').digest()
    return this.#subtrees.reduceRight((right, left) => nodeHash(left, right))
  }
}
