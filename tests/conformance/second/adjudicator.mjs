// (claim, element, witness) -> 'consistent' or 'inconsistent', or a Refusal. spec/40-adjudicator.md.
import { decode } from './descriptor.mjs';
import { bind, BindError, element as evaluate } from './ops.mjs';
import { climb, leaf, ProofError, root } from './merkle.mjs';
import * as lay from './layout.mjs';
import { claim as readClaim, closeLeaf, demand, element as readElement, header as readHeader, isWellFormed, KINDS, layer as readLayer,
         modelRoot, nullLeaf, Reader, Refusal, refuse, request as readRequest, requestHash } from './encodings.mjs';

export const DESCRIPTOR = 'the descriptor'; // a descriptor that does not decode: descriptor.mjs knows no names
const U32 = 6, PAGES = 64;

// ---- parts ----

const one = (w, count, index, hash) => climb(BigInt(count), [{ index: BigInt(index), hash }], () => w.hash());

function modelPart(w) {
    const bytes = w.take(32), manifest = w.hash();
    return { header: readHeader(bytes), bytes, manifest };
}

const proveModel = (model, layersRoot, claim) =>
    demand(modelRoot(model.bytes, model.manifest, layersRoot).equals(claim.modelRoot), 'header_mismatch');

function layerPart(w, claim, number) {
    const model = modelPart(w), l = number ?? model.header.layers - 1;
    demand(l < model.header.layers, 'step_outside');
    const bytes = w.take(16), opsRoot = w.hash();
    proveModel(model, one(w, model.header.layers, l, leaf(Buffer.concat([bytes, opsRoot]))), claim);
    return { header: model.header, opsRoot, ...readLayer(bytes) };
}

function opPart(w, layer, number) {
    demand(number < layer.ops, 'element_outside');
    const length = w.u16(), bytes = w.take(length);
    demand(length >= 1 && length <= 256 && bytes[length - 1] !== 0, 'witness_malformed');
    const descriptor = Buffer.concat([bytes, Buffer.alloc(256 - length)]);
    demand(one(w, layer.ops, number, leaf(descriptor)).equals(layer.opsRoot), 'descriptor_mismatch');
    try {
        return decode(descriptor);
    } catch {
        return refuse(DESCRIPTOR);
    }
}

function requestPart(w, claim) {
    const bytes = w.take(240);
    demand(requestHash(bytes).equals(claim.requestHash), 'request_mismatch');
    return readRequest(bytes);
}

const listLayout = count => lay.layout('request', U32, [{ grows: false }], [BigInt(count)]);

function listPart(w, root, count, index, error) {
    const l = listLayout(count), at = 4n * BigInt(index), page = at / l.page;
    const bytes = w.take(Number(lay.pageLength(l, page)));
    demand(one(w, l.pages, page, leaf(bytes)).equals(root), error);
    return Number(lay.get(U32, bytes, at % l.page));
}

// The page of a record tensor, up to the trace.
function recordPart(w, claim, { time, layer, layers, store, stores, leafIndex, leafCount, length }) {
    const bytes = w.take(length), tensor = one(w, leafCount, leafIndex, leaf(bytes));
    const record = one(w, stores, store, tensor), leaves = (claim.p + claim.n - 1) * layers + 1;
    demand(one(w, leaves, time * layers + layer, record).equals(claim.traceRoot), 'record_mismatch');
    return bytes;
}

// ---- pages of operands ----

// How the tensor behind an operand is cut, and where flat index lies.
function spot(operand, extents, from, flat) {
    if (from === 'model' && operand.layout !== 0) {
        const tile = lay.tileLayout(operand.layout), inputs = extents[extents.length - 1], s = lay.tileOf(tile, inputs, flat);
        const rows = extents.slice(0, -1).reduce((p, v) => p * v, 1n);
        return { leaf: s.leaf, count: rows * s.perRow, length: s.bytes, value: bytes => lay.tileValue(tile, s, bytes) };
    }
    const token = operand.kind === 'token', dims = token ? [{ grows: false }] : operand.dims;
    const dtype = token ? 5 : operand.dtype, space = from === 'record' ? 'run' : from;
    const l = lay.layout(space, dtype, dims, token ? [1n] : extents), at = lay.offset(l, flat), page = at / l.page;
    return { leaf: page, count: l.pages, length: lay.pageLength(l, page), value: bytes => lay.get(dtype, bytes, at % l.page) };
}

const order = (a, b) => a.tensor !== b.tensor ? a.tensor - b.tensor : a.leaf < b.leaf ? -1 : a.leaf > b.leaf ? 1 : 0;

class Pages {
    constructor() { this.pages = []; }
    add(tensor, s) {
        const known = this.pages.find(p => p.tensor === tensor && p.leaf === s.leaf);
        if (known) {
            demand(known.count === s.count && known.length === s.length, 'bad_view');
            return;
        }
        demand(this.pages.length < PAGES, 'too_many_leaves');
        this.pages.push({ tensor, leaf: s.leaf, count: s.count, length: s.length });
    }
    take(w) {
        this.pages.sort(order);
        for (const p of this.pages) p.bytes = w.take(Number(p.length));
    }
    root(w, own) {
        demand(own.every(p => p.count === own[0].count), 'bad_view');
        return climb(own[0].count, own.map(p => ({ index: p.leaf, hash: leaf(p.bytes) })), () => w.hash());
    }
    prove(w, root) {
        this.take(w);
        if (this.pages.length > 0) demand(this.root(w, this.pages).equals(root), 'page_mismatch');
    }
    proveNested(w, count, root) {
        this.take(w);
        if (this.pages.length === 0) return;
        const tensors = [...new Set(this.pages.map(p => p.tensor))];
        const inner = tensors.map(t => ({ index: BigInt(t), hash: this.root(w, this.pages.filter(p => p.tensor === t)) }));
        demand(climb(BigInt(count), inner, () => w.hash()).equals(root), 'page_mismatch');
    }
    value(tensor, s) { return s.value(this.pages.find(p => p.tensor === tensor && p.leaf === s.leaf).bytes); }
}

// ---- value and padding ----

const isActive = (layer, pos, p) => layer.active === 0 || pos >= p - 1;

function opened(w, claim, e) {
    demand(e.pos < claim.p + claim.n - 1, 'step_outside');
    const layer = layerPart(w, claim, e.layer);
    demand(isActive(layer, e.pos, claim.p), 'step_inactive');
    const op = opPart(w, layer, e.op), at = { pos: BigInt(e.pos), n: BigInt(claim.p), layer: e.layer };
    const bound = bind(op, at), space = op.code === 'STORE' ? 'run' : 'step';
    return { layer, op, bound, layout: lay.layout(space, op.dtype, op.dims, bound.dims) };
}

function outputPage(w, o, e, page) {
    const bytes = w.take(Number(lay.pageLength(o.layout, page)));
    demand(leaf(bytes).equals(e.leafHash), 'page_mismatch');
    return bytes;
}

function padding(w, claim, e) {
    const o = opened(w, claim, e);
    if (o.layout.pages === 0n && e.index === 0n) return e.leafHash.equals(root([]));
    demand(e.index < o.layout.pages, 'element_outside');
    const bytes = outputPage(w, o, e, e.index), start = e.index * o.layout.page;
    return bytes.every((b, i) => b === 0 || !lay.isPadding(o.layout, start + BigInt(i)));
}

function unflatten(dims, flat) {
    const index = [];
    for (let i = dims.length - 1; i >= 0; i--) {
        index[i] = flat % dims[i];
        flat /= dims[i];
    }
    return index;
}

function value(w, claim, e) {
    const o = opened(w, claim, e), { op, bound, layer } = o;
    demand(e.index < bound.dims.reduce((p, v) => p * v, 1n), 'element_outside');
    const at = lay.offset(o.layout, e.index), bytes = outputPage(w, o, e, at / o.layout.page);
    const index = unflatten(bound.dims, e.index), tensors = layer.ops - layer.stores;
    if (op.code === 'RAND') {
        const q = requestPart(w, claim);
        Object.assign(bound.at, { seed: q.seed, sample: BigInt(q.sample) });
    }
    const operandOf = slot => slot === 'x' ? op.x : op.in[slot], extentsOf = slot => slot === 'x' ? bound.xView : bound.views[slot];
    const spotOf = (slot, place) => spot(operandOf(slot), extentsOf(slot), place.from, place.flat);
    const x = new Pages(), step = new Pages(), tables = op.in.map(() => new Pages());
    let falseValue = false, elsewhere = null, elsewhereValue = 0n;
    const judged = (slot, v) => {
        const { lo, hi } = operandOf(slot);
        if (v < lo || v > hi) falseValue = true;
        return v;
    };
    // pass: which pages are collected (and read as 0); those before it are proven
    const reader = pass => (slot, place) => {
        if (slot === 'x') {
            if (pass === 'x') x.add(place.tensor, spotOf(slot, place));
            return pass === 'x' ? 0n : judged(slot, x.value(place.tensor, spotOf(slot, place)));
        }
        if (pass === 'x') return 0n;
        if (place.from === 'step') {
            if (pass === 'step') step.add(place.tensor, spotOf(slot, place));
            return pass === 'step' ? 0n : judged(slot, step.value(place.tensor, spotOf(slot, place)));
        }
        if (place.from === 'model') {
            if (pass === 'table') tables[slot].add(place.tensor, spotOf(slot, place));
            return pass === 'final' ? tables[slot].value(place.tensor, spotOf(slot, place)) : 0n;
        }
        elsewhere = place;
        return elsewhereValue;
    };
    const run = pass => evaluate(bound, index, reader(pass)).value;
    if (op.x) {
        run('x');
        x.proveNested(w, tensors, e.tensorsRoot);
    }
    run('step');
    step.proveNested(w, tensors, e.tensorsRoot);
    run('table');
    op.in.forEach((operand, slot) => tables[slot].prove(w, operand.root));
    if (elsewhere !== null) elsewhereValue = fetch(w, claim, layer, op.in[0], extentsOf(0), elsewhere, v => judged(0, v));
    falseValue = false;
    if (elsewhere !== null && elsewhere.from === 'record') judged(0, elsewhereValue);
    const lawful = run('final');
    return !falseValue && lay.get(op.dtype, bytes, at % o.layout.page) === lawful;
}

// The value of a LOAD that lies in the request or in a record.
function fetch(w, claim, layer, operand, extents, place) {
    if (place.from === 'record') {
        demand(place.layer < layer.header.layers, 'step_outside');
        const s = spot(operand, extents, 'record', place.flat);
        const bytes = recordPart(w, claim, {
            time: Number(place.time), layer: place.layer, layers: layer.header.layers, store: place.store, stores: operand.stores,
            leafIndex: s.leaf, leafCount: s.count, length: Number(s.length) });
        return s.value(bytes);
    }
    const q = requestPart(w, claim);
    if (place.from === 'param') return BigInt(q.params[place.param]);
    demand(q.p === claim.p, 'request_mismatch');
    return BigInt(listPart(w, q.tokensRoot, q.p, Number(place.time), 'request_mismatch'));
}

// ---- the other laws ----

function output(w, claim, e) {
    const slots = listLayout(claim.n).bytes / 4n;
    demand(e.index < slots, 'element_outside');
    const index = Number(e.index);
    if (index >= claim.n) return listPart(w, claim.outputRoot, claim.n, index, 'page_mismatch') === 0;
    const last = layerPart(w, claim), { layers, tokenStore, vocab } = last.header;
    const said = listPart(w, claim.outputRoot, claim.n, index, 'page_mismatch');
    const bytes = recordPart(w, claim, { time: claim.p - 1 + index, layer: layers - 1, layers, store: tokenStore, stores: last.stores,
                                         leafIndex: 0, leafCount: 1, length: 4 });
    const token = bytes.readInt32LE();
    return token === said && token >= 0 && token < vocab;
}

function done(w, claim, e) {
    demand(e.index < BigInt(claim.n), 'element_outside');
    const model = modelPart(w), index = Number(e.index);
    proveModel(model, w.hash(), claim);
    const q = requestPart(w, claim), token = listPart(w, claim.outputRoot, claim.n, index, 'page_mismatch');
    const ends = q.stops.slice(0, q.stopCount).includes(token) || index + 1 === q.limit || claim.p + index === model.header.context ||
        index + 1 === claim.cancelled;
    return ends === (index === claim.n - 1) && claim.p + index <= model.header.context;
}

const LAWS = {
    value, padding, output, done,
    null: (w, claim, e) => {
        demand(e.pos < claim.p + claim.n - 1, 'step_outside');
        demand(!isActive(layerPart(w, claim, e.layer), e.pos, claim.p), 'element_invalid');
        return e.leafHash.equals(nullLeaf());
    },
    close: (w, claim, e) => e.leafHash.equals(closeLeaf(claim.p, claim.n, claim.cancelled, claim.outputRoot)),
    count: (w, claim) => {
        const q = requestPart(w, claim);
        return isWellFormed(q) && q.modelRoot.equals(claim.modelRoot) && q.p === claim.p;
    },
};

export function adjudicate(claimBytes, elementBytes, witness) {
    try {
        const claim = readClaim(claimBytes), e = readElement(elementBytes), w = new Reader(witness);
        const version = w.u8(), kind = w.u8();
        demand(version === 1 && KINDS[kind] === e.kind, 'witness_malformed');
        const holds = LAWS[e.kind](w, claim, e);
        w.end();
        return holds ? 'consistent' : 'inconsistent';
    } catch (error) {
        if (error instanceof ProofError || error instanceof BindError) throw new Refusal(error.message);
        throw error;
    }
}
