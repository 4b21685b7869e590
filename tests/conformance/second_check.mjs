// One vector against the second implementation. Returns null, or what differs; undefined if it does not cover the function.
import { decode } from './second/descriptor.mjs';
import { bind, BindError, element } from './second/ops.mjs';
import * as merkle from './second/merkle.mjs';
import { decimal, hex, padded, unsigned } from './questions.mjs';

const placeName = (slot, p) => [slot, p.from, p.tensor ?? p.store ?? p.param ?? '', p.layer ?? '', p.time ?? '', p.flat ?? ''].join(' ');

function listed(reads) {
    const values = new Map();
    for (const g of reads) {
        g.values.forEach((v, i) => values.set(placeName(g.slot, { ...g, flat: g.flat?.[i] }), decimal(v)));
    }
    return values;
}

function checkOp(v) {
    const values = listed(v.reads), read = new Set();
    const at = { pos: BigInt(v.pos), n: BigInt(v.n), layer: v.layer, seed: hex(v.seed ?? ''), sample: BigInt(v.sample ?? 0) };
    const reader = (slot, place) => {
        const name = placeName(slot, place);
        if (!values.has(name)) throw new Error(`reads ${name}, which is not listed`);
        read.add(name);
        return values.get(name);
    };
    try {
        const bound = bind(decode(padded(hex(v.descriptor))), at);
        if (v.error !== undefined) return 'binds';
        const found = element(bound, v.index.map(BigInt), reader);
        if (found.value !== decimal(v.value)) return `is ${found.value}, not ${v.value}`;
        if (bound.op.x ? found.x !== decimal(v.x) : v.x !== undefined) return `x is ${found.x}, not ${v.x}`;
    } catch (error) {
        if (error instanceof BindError && error.message === v.error) return null;
        return error.message;
    }
    for (const name of values.keys()) if (!read.has(name)) return `does not read ${name}`;
    return null;
}

function checkDescriptor(v) {
    try {
        decode(hex(v.bytes));
    } catch (error) {
        return v.error !== undefined ? null : error.message;
    }
    return v.error !== undefined ? 'is accepted' : null;
}

const equal = (found, wanted) => found.equals(hex(wanted)) ? null : `is ${found.toString('hex')}`;
const refusal = (found, wanted) => found === (wanted ?? null) ? null : `gives ${found ?? 'ok'}`;

function checkTree(name, v) {
    switch (name) {
        case 'leaf': return equal(merkle.leaf(hex(v.page)), v.hash);
        case 'root': return equal(merkle.root(v.leaves.map(l => hex(l))), v.root);
        case 'peaks': {
            const leaves = v.leaves.map(l => hex(l)), found = merkle.peaks(leaves);
            if (found.length !== v.peaks.length) return 'another number of peaks';
            return found.reduce((bad, p, i) => bad ?? equal(p, v.peaks[i]), equal(merkle.root(leaves), v.root));
        }
        case 'proof':
            return refusal(merkle.verify(unsigned(v.count), v.leaves.map(l => ({ index: unsigned(l.index), hash: hex(l.hash) })),
                                         hex(v.root), hex(v.proof)), v.error);
        case 'nested':
            return refusal(merkle.verifyNested(unsigned(v.count), v.pages.map(p => ({
                tensor: BigInt(p.tensor), leaf: unsigned(p.leaf), count: unsigned(p.count), page: hex(p.page) })),
                                               hex(v.root), hex(v.proof)), v.error);
    }
    return undefined;
}

export const SECOND_FILES = ['ops', 'descriptors', 'merkle'];

export function checkSecond(file, v) {
    const name = v.name.split('_case_')[0];
    if (file === 'ops') return checkOp(v);
    if (file === 'merkle') return checkTree(name, v);
    return name === 'descriptor' ? checkDescriptor(v) : undefined;
}
