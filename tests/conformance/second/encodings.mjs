// Claims, elements, requests, receipts, and the preimages of spec/30-commitment.md and spec/85-receipts.md.
import { createHash } from 'node:crypto';

export class Refusal extends Error {}
export const refuse = name => { throw new Refusal(name); };
export const demand = (holds, name) => { if (!holds) refuse(name); };

const tagged = (tag, ...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256').update(tag.padEnd(16, '\0'))).digest();
export function u32(...values) {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((v, i) => bytes.writeUInt32LE(v, 4 * i));
    return bytes;
}

export class Reader {
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
    }
    take(length) {
        demand(this.at + length <= this.bytes.length, 'truncated');
        return this.bytes.subarray(this.at, this.at += length);
    }
    u8() { return this.take(1)[0]; }
    u16() { return this.take(2).readUInt16LE(); }
    u32() { return this.take(4).readUInt32LE(); }
    u64() { return this.take(8).readBigUInt64LE(); }
    hash() { return this.take(32); }
    end() { demand(this.at === this.bytes.length, 'trailing_bytes'); }
}

export function claim(bytes) {
    const r = new Reader(bytes);
    const c = { modelRoot: r.hash(), requestHash: r.hash(), outputRoot: r.hash(), traceRoot: r.hash(), p: r.u32(), n: r.u32(), cancelled: r.u32() };
    r.end();
    demand(c.p >= 1 && c.n >= 1 && c.p + c.n - 1 <= 2 ** 24 && (c.cancelled === 0 || c.cancelled === c.n), 'claim_invalid');
    return c;
}

export const KINDS = ['', 'value', 'padding', 'null', 'close', 'count', 'output', 'done'];
const USES = {
    value: ['pos', 'layer', 'op', 'index', 'recordRoot', 'tensorsRoot', 'leafHash'], null: ['pos', 'layer', 'leafHash'],
    close: ['leafHash'], count: [], output: ['index'], done: ['index'],
};
USES.padding = USES.value;

export function element(bytes) {
    const r = new Reader(bytes);
    const e = { kind: KINDS[r.u8()], pos: r.u32(), layer: r.u32(), op: r.u32(), index: r.u64(), recordRoot: r.hash(), tensorsRoot: r.hash(), leafHash: r.hash() };
    r.end();
    demand(e.kind, 'element_invalid');
    for (const [name, value] of Object.entries(e)) {
        const zero = Buffer.isBuffer(value) ? value.every(b => b === 0) : !value;
        demand(name === 'kind' || zero || USES[e.kind].includes(name), 'element_invalid');
    }
    return e;
}

export function request(bytes) {
    const r = new Reader(bytes);
    const q = { modelRoot: r.hash(), nonce: r.hash(), seed: r.hash(), sample: r.u32(), p: r.u32(), limit: r.u32(), stopCount: r.u32() };
    q.stops = Array.from({ length: 8 }, () => r.u32());
    q.params = Array.from({ length: 16 }, () => r.take(4).readInt32LE());
    q.tokensRoot = r.hash();
    r.end();
    return q;
}

export function isWellFormed(q) {
    const used = q.stops.slice(0, q.stopCount);
    return q.p >= 1 && q.limit >= 1 && q.stopCount <= 8 && used.every((s, i) => i === 0 || used[i - 1] < s) && q.stops.slice(q.stopCount).every(s => s === 0);
}

export function receipt(bytes) {
    const r = new Reader(bytes), c = { chain: r.hash(), contract: r.hash(), executor: r.take(20), requestHash: r.hash(), claimHash: r.hash() };
    c.mode = r.u8();
    c.requester = r.take(20);
    c.deadline = r.u64();
    r.end();
    const isNobody = c.requester.every(b => b === 0);
    demand(c.mode >= 1 && c.mode <= 3 && isNobody === (c.mode !== 3), 'receipt_invalid');
    demand(c.deadline >= 1n && c.deadline < 2n ** 40n, 'receipt_invalid');
    return c;
}

export const receiptDigest = bytes => tagged('crux-receipt-v1', bytes);
export const claimHash = bytes => tagged('crux-claim-v1', bytes);
export const requestHash = bytes => tagged('crux-request-v1', bytes);
export const nullLeaf = () => tagged('crux-null-v1');
export const closeLeaf = (p, n, cancelled, outputRoot) => tagged('crux-close-v1', u32(p, n, cancelled), outputRoot);
export const modelRoot = (header, manifestHash, layersRoot) => tagged('crux-model-v1', header, manifestHash, layersRoot);
export const manifestHash = manifest => tagged('crux-mani-v1', manifest);

export function header(bytes) {
    const r = new Reader(bytes), h = { opSet: r.u32(), layers: r.u32(), context: r.u32(), vocab: r.u32(), tokenStore: r.u32() };
    demand(r.take(12).every(b => b === 0), 'non_canonical');
    demand(h.opSet === 1, 'bad_version');
    demand(h.layers >= 1, 'program_invalid');
    demand(h.layers <= 4096, 'too_many_layers');
    demand(h.context >= 1 && h.context <= 2 ** 24 && h.vocab >= 1 && h.vocab < 2 ** 31, 'bad_range');
    demand(h.tokenStore < 64, 'bad_token_source');
    return h;
}

export function layer(bytes) {
    const r = new Reader(bytes), l = { ops: r.u32(), stores: r.u32(), active: r.u32() };
    demand(r.u32() === 0, 'non_canonical');
    demand(l.ops <= 4096, 'too_many_ops');
    demand(l.stores >= 1 && l.stores <= 64 && l.stores < l.ops, 'bad_store');
    demand(l.active <= 1, 'bad_function');
    return l;
}
