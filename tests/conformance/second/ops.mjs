// One element of an op, and the places that it reads. spec/20-ops.md.
import { createHash } from 'node:crypto';

const wrap64 = v => BigInt.asIntN(64, v);
const wrap128 = v => BigInt.asIntN(128, v);
const clamp = (v, lo, hi) => v < lo ? lo : v > hi ? hi : v;
const magnitude = v => v < 0n ? -v : v;
const floorDiv = (a, d) => a >= 0n ? a / d : -((-a + d - 1n) / d); // d > 0
const ELEMENTS = 2n ** 40n, TERMS = 4096n;

// round(a, s) and floor(a, s); `wrap` keeps the width of sums and of shifts to the left
const round = (a, s, wrap = v => v) => s >= 1n ? wrap(a + (1n << (s - 1n))) >> s : wrap(a << -s);
const floor = (a, s, wrap = v => v) => s >= 1n ? a >> s : wrap(a << -s);

export class BindError extends Error {}

function dimension(d, at) {
    if (!d.grows) return d.value;
    const sum = d.a + d.b * at.pos + d.c * at.n;
    const quotient = sum <= 0n ? 0n : (sum + d.d - 1n) / d.d;
    return clamp(quotient, 0n, d.e);
}

// The dimensions at a position. Their product, a 0 counting as 1, is at most 2^40.
function extents(dims, at, error) {
    const values = dims.map(d => dimension(d, at));
    if (values.reduce((p, v) => p * (v === 0n ? 1n : v), 1n) > ELEMENTS) throw new BindError(error);
    return values;
}

const product = values => values.reduce((p, v) => p * v, 1n);

export function bind(op, at) {
    const dims = extents(op.dims, at, 'too_many_elements');
    const kdims = extents(op.kdims, at, 'work_too_large');
    if (product(kdims) > TERMS) throw new BindError('work_too_large');
    const views = [...op.in, ...(op.x ? [op.x] : [])].map(o => o.dims ? extents(o.dims, at, 'too_many_elements') : null);
    return { op, at, dims, kdims, views, xView: op.x ? views[op.in.length] : null };
}

class Element {
    // read(slot, place) gives the value that stands there
    constructor(bound, index, read) {
        Object.assign(this, bound);
        this.index = index;
        this.read = read;
        this.x = 0n;
        this.xOutside = false;
        if (this.op.x) {
            this.x = this.value('x', [0n, 0n, 0n]);
            this.xOutside = this.x < -(2n ** 31n) || this.x >= 2n ** 31n;
        }
    }

    affine(coefficients, k) {
        const o = [0, 1, 2, 3].map(i => this.index[i] ?? 0n);
        const variables = [1n, ...o, ...k, this.at.pos, this.x, this.at.n];
        return coefficients.reduce((sum, c, i) => sum + c * variables[i], 0n);
    }

    operand(slot) { return slot === 'x' ? this.op.x : this.op.in[slot]; }

    // The flat index of an operand at k, or null if it is outside.
    place(slot, k) {
        const o = this.operand(slot), view = slot === 'x' ? this.xView : this.views[slot];
        if (!o.index) return 0n;
        let flat = 0n;
        for (let i = 0; i < view.length; i++) {
            if (this.xOutside && o.index[i][9] !== 0n) return null;
            const at = this.affine(o.index[i], k);
            if (at < 0n || at >= view[i]) return null;
            flat = flat * view[i] + at;
        }
        return flat;
    }

    value(slot, k) {
        const o = this.operand(slot), { pos, n, layer } = this.at;
        if (o.kind === 'imm') return this.xOutside && o.value[9] !== 0n ? 0n : this.affine(o.value, k);
        const clamped = v => clamp(v, o.lo, o.hi);
        if (o.kind === 'param') return clamped(this.read(slot, { from: 'param', param: o.param }));
        if (o.kind === 'token') {
            const time = this.affine(o.time, k);
            if (time < 0n || time > pos) return 0n;
            if (time < n) return clamped(this.read(slot, { from: 'token', time }));
            return this.read(slot, { from: 'record', layer: o.layer, store: o.store, time: time - 1n, flat: 0n });
        }
        const flat = this.place(slot, k);
        if (flat === null) return 0n;
        if (o.kind === 'step') return this.read(slot, { from: 'step', tensor: o.tensor, flat });
        if (o.kind === 'model') return clamped(this.read(slot, { from: 'model', tensor: o.tensor, flat }));
        const time = this.affine(o.time, k);
        if (time < 0n || time > pos) return 0n;
        if (time === pos) {
            if (o.self >= 0) return this.read(slot, { from: 'step', tensor: o.self, flat });
            if (o.layer >= layer) return 0n;
        }
        if (o.fromLast && time < n - 1n) return 0n;
        return this.read(slot, { from: 'record', layer: o.layer, store: o.store, time, flat });
    }

    only(slot) { return this.value(slot, [0n, 0n, 0n]); }

    // [number, k] over the box, k0 slowest
    *box() {
        const [a = 1n, b = 1n, c = 1n] = this.kdims;
        let number = 0n;
        for (let i = 0n; i < a; i++) for (let j = 0n; j < b; j++) for (let l = 0n; l < c; l++) yield [number++, [i, j, l]];
    }

    inside(k, slots) { return slots.every(s => !this.operand(s).pad || this.place(s, k) !== null); }
}

function compare(cmp, a, b) {
    return [null, a === b, a !== b, a < b, a <= b, a > b, a >= b][cmp];
}

function contract(e) {
    let sum = 0n;
    for (const [, k] of e.box()) {
        let term = 1n;
        for (let slot = 0; slot < e.op.in.length; slot++) term *= e.value(slot, k);
        sum += term;
    }
    return wrap64(sum);
}

function reduce(e) {
    const { op } = e, used = [], slots = op.in.map((_, i) => i), sides = op.in.length - 2;
    for (const [number, k] of e.box()) {
        if (!e.inside(k, slots)) continue;
        const v = op.func === 'count' ? 0n : e.value(0, k);
        if (op.cmp !== 0) {
            const left = e.value(sides, k), right = e.value(sides + 1, k);
            if (!compare(op.cmp, left, right)) continue;
        }
        used.push({ number, v });
    }
    const best = (better, none) => used.length === 0 ? none : used.reduce((m, u) => better(u.v, m) ? u.v : m, used[0].v);
    switch (op.func) {
        case 'max': return best((a, b) => a > b, op.lo);
        case 'min': return best((a, b) => a < b, op.hi);
        case 'absmax': return used.reduce((m, u) => magnitude(u.v) > m ? magnitude(u.v) : m, 0n);
        case 'argmax': {
            const top = best((a, b) => a > b, 0n);
            return used.length === 0 ? 0n : used.find(u => u.v === top).number;
        }
        case 'sum': return wrap64(used.reduce((s, u) => s + u.v, 0n));
    }
    return BigInt(used.length);
}

function requantise(e) {
    const { op } = e, i32 = v => clamp(v, -(2n ** 31n), 2n ** 31n - 1n);
    let factors = op.m0, add = 0n, s = op.s0;
    op.in.forEach((o, slot) => {
        const v = e.only(slot);
        if (o.role === 0) factors *= v;
        else if (o.role === 1) add = v;
        else s += BigInt(o.coefficient) * i32(v);
    });
    const scaled = (op.floor ? floor : round)(wrap128(factors), clamp(s, -31n, 95n), wrap128);
    return wrap128(op.c0 + add + scaled);
}

function map(e) {
    const { op } = e;
    if (op.func === 'requantise') return requantise(e);
    const v = op.in.map((_, slot) => e.only(slot));
    switch (op.func) {
        case 'dynexp': {
            for (let s = op.lo; s <= op.hi; s++) if (round(v[0], s) <= op.limit) return s;
            return op.hi;
        }
        case 'select': return v[0] !== 0n ? v[1] : v[2];
        case 'compare': return compare(op.cmp, v[0], v[1]) ? 1n : 0n;
        case 'min': return v[0] < v[1] ? v[0] : v[1];
        case 'max': return v[0] > v[1] ? v[0] : v[1];
    }
    return v[0] === 0n ? 0n : BigInt(magnitude(v[0]).toString(2).length);
}

function lut(e) {
    const { op } = e, table = op.in.length - 1;
    const v = table === 2 ? wrap64(e.only(0) - e.only(1)) : e.only(0), t = v - op.x0;
    const at = end => end.kind === 0 ? end.value : round(v * end.value, BigInt(end.s));
    if (t < 0n) return at(op.left);
    if (t >= BigInt(op.cells) << op.shift) return at(op.right);
    const i = t >> op.shift, f = t - (i << op.shift), o = op.in[table];
    const entry = flat => clamp(e.read(table, { from: 'model', tensor: o.tensor, flat }), o.lo, o.hi);
    const left = entry(i), right = entry(i + 1n);
    return round((left << op.shift) + (right - left) * f, op.shift);
}

function squareRoot(a) {
    let low = 0n, high = 2n ** 32n; // low^2 <= a < high^2
    while (high - low > 1n) {
        const middle = (low + high) / 2n;
        if (middle * middle <= a) low = middle;
        else high = middle;
    }
    return low;
}

function rand(e) {
    let flat = 0n;
    e.dims.forEach((d, i) => { flat = flat * d + e.index[i]; });
    const u32 = v => {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32LE(Number(BigInt.asUintN(32, v)));
        return bytes;
    };
    const hash = createHash('sha256').update('crux-rand-v1\0\0\0\0').update(e.at.seed)
        .update(u32(e.at.pos)).update(u32(e.at.sample)).update(u32(flat)).digest();
    return BigInt(hash.readUInt32LE(0)) & (2n ** 30n - 1n);
}

function find(e) {
    const r = e.only(1);
    let prefix = 0n, taken = null, found = false;
    for (const [number, k] of e.box()) {
        if (!e.inside(k, [0])) continue;
        const w = e.value(0, k);
        if (found) continue;
        taken = { number, before: prefix };
        prefix = wrap64(prefix + w);
        found = prefix > r;
    }
    if (taken === null) return 0n;
    return e.index[e.index.length - 1] === 0n ? taken.number : wrap64(r - taken.before);
}

// at: {pos, n, layer, seed, sample}; index: coordinates; read(slot, place) -> the value that stands there
export function element(bound, index, read) {
    const e = new Element(bound, index, read), { op } = bound;
    const law = {
        LOAD: () => e.only(0), STORE: () => e.only(0), CONTRACT: () => contract(e), REDUCE: () => reduce(e), MAP: () => map(e),
        LUT: () => lut(e), RAND: () => rand(e), FIND: () => find(e),
        DIV: () => {
            const a = e.only(0), d = e.only(1);
            return d <= 0n ? 0n : floorDiv(wrap64(a << op.shift), d);
        },
        SQRT: () => {
            const a = e.only(0);
            return a < 0n ? 0n : squareRoot(BigInt.asUintN(64, a << op.shift));
        },
    };
    return { value: clamp(law[op.code](), op.lo, op.hi), x: e.x };
}
