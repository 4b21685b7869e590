// Trees and proofs. spec/30-commitment.md.
import { createHash } from 'node:crypto';

const hash = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
export const leaf = page => hash(Buffer.from([0]), page);
export const node = (left, right) => hash(Buffer.from([1]), left, right);
const LEAVES = 2n ** 41n;

function below(n) { // the greatest power of two below n >= 2
    let m = 1n;
    while (m * 2n < n) m *= 2n;
    return m;
}

export function root(leaves) {
    if (leaves.length === 0) return hash(Buffer.from([2]));
    if (leaves.length === 1) return leaves[0];
    const m = Number(below(BigInt(leaves.length)));
    return node(root(leaves.slice(0, m)), root(leaves.slice(m)));
}

// The roots of the full subtrees, the largest first.
export function peaks(leaves) {
    const out = [];
    for (let bit = 31; bit >= 0; bit--) {
        if ((leaves.length >> bit & 1) === 0) continue;
        const start = out.reduce((n, p) => n + p.leaves, 0), count = 2 ** bit;
        out.push({ leaves: count, root: root(leaves.slice(start, start + count)) });
    }
    return out.map(p => p.root);
}

export class ProofError extends Error {}
const refuse = name => { throw new ProofError(name); };

// proven: [{index, hash}]; next() gives one sibling after the other. Returns the root that they lead to.
export function climb(count, proven, next) {
    if (count > LEAVES) refuse('too_many_leaves');
    if (proven.length === 0) refuse('non_canonical');
    proven.forEach((p, i) => { if (i > 0 && proven[i - 1].index >= p.index) refuse('non_canonical'); });
    if (proven[proven.length - 1].index >= count) refuse('index_beyond_count');
    const subtree = (first, leaves, set) => {
        if (set.length === 0) return next();
        if (leaves === 1n) return set[0].hash;
        const m = below(leaves), middle = first + m;
        const left = subtree(first, m, set.filter(p => p.index < middle));
        return node(left, subtree(middle, leaves - m, set.filter(p => p.index >= middle)));
    };
    return subtree(0n, count, proven);
}

// Returns null, or the name of the error.
export function verify(count, proven, wanted, proof) {
    let at = 0;
    const next = () => {
        if (at + 32 > proof.length) refuse('proof_length');
        return proof.subarray(at, at += 32);
    };
    try {
        const found = climb(count, proven, next);
        if (at !== proof.length) refuse('proof_length');
        if (!found.equals(wanted)) refuse('proof_root_mismatch');
        return null;
    } catch (error) {
        if (error instanceof ProofError) return error.message;
        throw error;
    }
}

// pages: [{tensor, leaf, count, page}], as a part of a witness.
export function verifyNested(outerCount, pages, wanted, proof) {
    let at = 0;
    const next = () => {
        if (at + 32 > proof.length) refuse('truncated');
        return proof.subarray(at, at += 32);
    };
    try {
        if (pages.length > 0) {
            const tensors = [...new Set(pages.map(p => p.tensor))];
            const roots = tensors.map(tensor => {
                const own = pages.filter(p => p.tensor === tensor);
                return { index: tensor, hash: climb(own[0].count, own.map(p => ({ index: p.leaf, hash: leaf(p.page) })), next) };
            });
            if (!climb(outerCount, roots, next).equals(wanted)) refuse('proof_root_mismatch');
        }
        if (at !== proof.length) refuse('trailing_bytes');
        return null;
    } catch (error) {
        if (error instanceof ProofError) return error.message;
        throw error;
    }
}
