// One vector against the second implementation. Returns null, or what differs; undefined if it does not cover the function.
import { decode } from './second/descriptor.mjs';
import { bind, BindError, element } from './second/ops.mjs';
import * as merkle from './second/merkle.mjs';
import * as lay from './second/layout.mjs';
import * as enc from './second/encodings.mjs';
import { adjudicate, DESCRIPTOR } from './second/adjudicator.mjs';
import { decimal, DTYPES, hex, padded, unsigned } from './questions.mjs';

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

function checkLayout(name, v) {
    const dims = v.dims.map(d => typeof d === 'number' ? { grows: false, value: BigInt(d) }
        : { grows: true, ...Object.fromEntries(Object.entries(d).map(([k, n]) => [k, BigInt(n)])) });
    const op = { dims, kdims: [], in: [] }, at = { pos: BigInt(v.pos), n: BigInt(v.n) };
    const l = lay.layout(name, DTYPES.indexOf(v.dtype), dims, bind(op, at).dims);
    if (l.pages !== BigInt(v.pages) || l.bytes !== BigInt(v.bytes)) return `has ${l.pages} pages, ${l.bytes} bytes`;
    const last = l.pages === 0n ? 0n : lay.pageLength(l, l.pages - 1n);
    if (last !== BigInt(v.last_page_bytes)) return `the last page has ${last} bytes`;
    for (const [flat, page, byte] of v.elements) {
        const found = lay.offset(l, BigInt(flat));
        if (found !== BigInt(page) * l.page + BigInt(byte)) return `element ${flat} is at ${found}`;
    }
    for (const [byte, padding] of v.padding) if (lay.isPadding(l, BigInt(byte)) !== padding) return `byte ${byte}`;
    return null;
}

function checkTile(v) {
    const tile = lay.tileLayout(v.layout), inputs = BigInt(v.inputs);
    if (tile === null) return refusal('bad_layout', v.error);
    const spot = lay.tileOf(tile, inputs, BigInt(v.flat)), bytes = hex(v.tile);
    if (spot.bytes !== BigInt(bytes.length)) return `the tile has ${spot.bytes} bytes`;
    if (spot.leaf !== BigInt(v.leaf) || spot.perRow * BigInt(v.rows) !== BigInt(v.leaves)) return `is leaf ${spot.leaf}`;
    const value = lay.tileValue(tile, spot, bytes);
    return value === decimal(v.value) ? null : `is ${value}`;
}

// Returns the refusal's name, or null.
function refused(read) {
    try {
        read();
        return null;
    } catch (error) {
        if (error instanceof enc.Refusal) return error.message;
        throw error;
    }
}

function checkEncoding(name, v) {
    const bytes = hex(v.bytes ?? ''), hash = key => hex(v[key]);
    switch (name) {
        case 'claim': return refusal(refused(() => enc.claim(bytes)), v.error) ?? (v.error ? null : equal(enc.claimHash(bytes), v.hash));
        case 'receipt': return refusal(refused(() => enc.receipt(bytes)), v.error) ?? (v.error ? null : equal(enc.receiptDigest(bytes), v.hash));
        case 'element': return refusal(refused(() => enc.element(bytes)), v.error);
        case 'request':
            return refusal(refused(() => enc.demand(enc.isWellFormed(enc.request(bytes)), 'request_invalid')), v.error) ??
                (v.error ? null : equal(enc.requestHash(bytes), v.hash));
        case 'null_leaf': return equal(enc.nullLeaf(), v.hash);
        case 'close_leaf': return equal(enc.closeLeaf(v.request_tokens, v.chosen_tokens, v.cancelled, hash('output_root')), v.hash);
        case 'step_root': return equal(merkle.node(hash('record_root'), hash('tensors_root')), v.hash);
        case 'op_leaf': return equal(merkle.leaf(padded(hash('descriptor'))), v.hash);
        case 'layer_leaf': return equal(merkle.leaf(Buffer.concat([hash('layer'), hash('ops_root')])), v.hash);
        case 'manifest_hash': return equal(enc.manifestHash(hash('manifest')), v.hash);
        case 'model_root': return equal(enc.modelRoot(hash('header'), hash('manifest_hash'), hash('layers_root')), v.hash);
    }
    return undefined;
}

// What a descriptor that does not decode may be refused with: spec/21-descriptors.md#rules-of-one-op
export const OF_DESCRIPTORS = ['bad_op', 'bad_function', 'bad_dtype', 'bad_range', 'bad_shape', 'bad_dim', 'bad_view', 'bad_operand', 'bad_operand_order',
                        'bad_layout', 'bad_index_map', 'non_canonical', 'trailing_bytes', 'descriptor_too_long'];

function checkWitness(v) {
    let finding;
    const error = refused(() => { finding = adjudicate(hex(v.claim), hex(v.element), hex(v.witness)); });
    if (error === DESCRIPTOR) return OF_DESCRIPTORS.includes(v.error) ? null : 'the descriptor does not decode';
    return refusal(error, v.error) ?? (finding === v.finding ? null : `is ${finding}`);
}

export const SECOND_FILES = ['ops', 'descriptors', 'layout', 'merkle', 'encodings', 'witnesses'];

export function checkSecond(file, v) {
    const name = v.name.split('_case_')[0];
    if (file === 'ops') return checkOp(v);
    if (file === 'merkle') return checkTree(name, v);
    if (file === 'layout') return name === 'tile' ? checkTile(v) : checkLayout(name, v);
    if (file === 'encodings') return checkEncoding(name, v);
    if (file === 'witnesses') return checkWitness(v);
    if (name === 'header') return refusal(refused(() => enc.header(hex(v.bytes))), v.error);
    if (name === 'layer') return refusal(refused(() => enc.layer(hex(v.bytes))), v.error);
    return checkDescriptor(v);
}
