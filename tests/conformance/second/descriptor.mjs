// Descriptors to objects. spec/21-descriptors.md. A fault throws; which error it has is not this file's business.

export const OPS = ['', 'LOAD', 'STORE', 'CONTRACT', 'REDUCE', 'MAP', 'LUT', 'DIV', 'SQRT', 'RAND', 'FIND'];
export const REDUCES = ['', 'max', 'min', 'absmax', 'argmax', 'sum', 'count'];
export const MAPS = ['', 'requantise', 'dynexp', 'select', 'compare', 'min', 'max', 'bitlen'];
export const KINDS = ['imm', 'step', 'model', 'record', 'token', 'param'];
const RANGES = [null, [-128n, 127n], [0n, 255n], [-32768n, 32767n], [0n, 65535n],
                [-(2n ** 31n), 2n ** 31n - 1n], [0n, 2n ** 32n - 1n], [-(2n ** 63n), 2n ** 63n - 1n]];
const BITS = [0, 8, 8, 16, 16, 32, 32, 64];
const VARIABLES = 11; // 1, o0..o3, k0..k2, pos, x, n
const I32 = 5;

function demand(holds, what) {
    if (!holds) throw new Error(what);
}

class Bytes {
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
    }
    u8() {
        demand(this.at < this.bytes.length, 'the fields end beyond 256 bytes');
        return this.bytes[this.at++];
    }
    uvarint() {
        let value = 0n, shift = 0n;
        for (;;) {
            const byte = this.u8();
            value |= BigInt(byte & 127) << shift;
            demand(value < 2n ** 64n, 'a varint above 64 bits');
            if (byte < 128) {
                demand(byte !== 0 || shift === 0n, 'a varint not in its shortest form');
                return value;
            }
            shift += 7n;
            demand(shift < 70n, 'a varint of too many bytes');
        }
    }
    svarint() {
        const z = this.uvarint();
        return z & 1n ? -((z + 1n) >> 1n) : z >> 1n;
    }
    number(end) {
        const value = this.uvarint();
        demand(value < BigInt(end), 'a number above its limit');
        return Number(value);
    }
}

function dimension(b) {
    const first = b.uvarint();
    if (first % 2n === 0n) {
        demand(first >= 2n && first / 2n < 2n ** 31n, 'a constant dimension');
        return { grows: false, value: first / 2n };
    }
    demand(first === 1n, 'a dimension');
    const dim = { grows: true, a: b.svarint(), b: b.svarint(), c: b.svarint(), d: b.uvarint(), e: b.uvarint() };
    const limit = 2n ** 31n, within = v => -limit < v && v < limit;
    demand(within(dim.a) && within(dim.b) && within(dim.c), 'a rate');
    demand(dim.d >= 1n && dim.d < limit && dim.e >= 1n && dim.e < limit, 'd and e');
    demand((dim.b === 0n) !== (dim.c === 0n), 'grows with one of pos and n');
    return dim;
}

function affine(b, permitted) {
    const mask = b.uvarint(), coefficients = new Array(VARIABLES).fill(0n);
    demand(mask < 1n << BigInt(VARIABLES), 'an unknown variable');
    for (let i = 0; i < VARIABLES; i++) {
        if ((mask >> BigInt(i) & 1n) === 0n) continue;
        const v = coefficients[i] = b.svarint();
        demand(v !== 0n, 'a zero coefficient');
        if (i === 0) demand(-(2n ** 31n) <= v && v < 2n ** 31n, 'a constant');
        else demand(-(2n ** 24n) <= v && v <= 2n ** 24n, 'a coefficient');
        demand(permitted.has(i), 'a variable that may not be used here');
    }
    return coefficients;
}

function range(b, dtype) {
    const lo = b.svarint(), hi = b.svarint();
    demand(dtype >= 1 && dtype <= 7, 'a dtype');
    demand(lo <= hi && lo >= RANGES[dtype][0] && hi <= RANGES[dtype][1], 'a range');
    return { lo, hi };
}

function view(b, permitted) {
    const ndim = b.u8(), dims = [], index = [];
    demand(ndim >= 1 && ndim <= 4, 'a view has 1 to 4 dimensions');
    for (let i = 0; i < ndim; i++) {
        dims.push(dimension(b));
        index.push(affine(b, permitted));
    }
    return { dims, index };
}

const constant = dims => demand(dims.every(d => !d.grows), 'model and record views are constant');

// role: whether the operand has one; vars: variables of index maps; own: those of an imm's value; time: of a time
function operand(b, { kinds, pad, role, vars, time }) {
    const o = { kind: KINDS[b.u8()] };
    demand(o.kind !== undefined && kinds.includes(o.kind), 'a kind that is not permitted here');
    if (role) {
        o.role = b.u8();
        demand(o.role <= 2, 'a role');
        if (o.role === 2) {
            o.coefficient = b.u8() << 24 >> 24;
            demand(o.coefficient !== 0 && Math.abs(o.coefficient) <= 4, 'an exponent\'s coefficient');
        }
    }
    const flags = permitted => {
        const f = b.u8();
        demand((f & ~permitted) === 0, 'a flag');
        o.pad = (f & 1) !== 0;
        o.fromLast = (f & 2) !== 0;
    };
    const padBit = pad ? 1 : 0;
    const dtype = () => { o.dtype = b.u8(); };
    const source = () => {
        o.layer = b.number(4096);
        o.store = b.number(64);
        o.stores = b.number(65);
        demand(o.store < o.stores, 'store < stores');
    };
    if (o.kind === 'imm') {
        o.value = affine(b, vars);
    } else if (o.kind === 'step') {
        flags(padBit);
        dtype();
        Object.assign(o, range(b, o.dtype));
        o.tensor = b.number(4096);
        Object.assign(o, view(b, vars));
    } else if (o.kind === 'model') {
        flags(padBit);
        dtype();
        o.layout = b.u8();
        Object.assign(o, range(b, o.dtype));
        if (o.layout !== 0) {
            const width = o.layout & 3, chunk = o.layout >> 4;
            demand(width !== 0 && chunk <= 2, 'a layout byte');
            demand(o.dtype === I32, 'tiles are i32');
        }
        o.tensor = b.number(2 ** 20);
        o.root = Buffer.from(Array.from({ length: 32 }, () => b.u8()));
        Object.assign(o, view(b, vars));
        constant(o.dims);
    } else if (o.kind === 'record') {
        flags(padBit | 2);
        dtype();
        Object.assign(o, range(b, o.dtype));
        source();
        o.self = b.number(4097) - 1;
        o.time = affine(b, time);
        Object.assign(o, view(b, vars));
        constant(o.dims);
    } else if (o.kind === 'token') {
        flags(2);
        Object.assign(o, range(b, I32));
        source();
        o.time = affine(b, time);
    } else {
        Object.assign(o, range(b, I32));
        o.param = b.number(16);
    }
    return o;
}

function end(b) {
    const e = { kind: b.u8(), value: b.svarint(), s: b.number(63) };
    demand(e.kind === 0 ? e.s === 0 : e.kind === 1, 'an end');
    return e;
}

function operandCount(op) {
    switch (op.code) {
        case 'LOAD': case 'STORE': case 'SQRT': return [1];
        case 'CONTRACT': return [1, 2, 3];
        case 'REDUCE': return [(op.func === 'count' ? 0 : 1) + (op.cmp === 0 ? 0 : 2)];
        case 'LUT': return [2, 3];
        case 'DIV': case 'FIND': return [2];
        case 'RAND': return [0];
    }
    return { requantise: [0, 1, 2, 3, 4], dynexp: [1], select: [3], compare: [2], min: [2], max: [2], bitlen: [1] }[op.func];
}

export function decode(bytes) {
    const b = new Bytes(bytes), op = {};
    demand(bytes.length === 256, '256 bytes');
    op.code = OPS[b.u8()];
    demand(op.code, 'an op code');
    const func = b.u8(), cmp = b.u8(), rounding = b.u8();
    op.func = op.code === 'REDUCE' ? REDUCES[func] : op.code === 'MAP' ? MAPS[func] : undefined;
    demand(op.code === 'REDUCE' || op.code === 'MAP' ? op.func : func === 0, 'a function');
    const requantise = op.func === 'requantise';
    if (op.code === 'REDUCE') demand(cmp <= 6 && (op.func !== 'count' || cmp !== 0), 'a predicate');
    else if (op.func === 'compare') demand(cmp >= 1 && cmp <= 6, 'a comparison');
    else demand(cmp === 0, 'no comparison');
    demand(rounding <= (requantise ? 1 : 0), 'rounding');
    op.cmp = cmp;
    op.floor = rounding === 1;
    op.dtype = b.u8();
    const counts = b.u8(), ndim = counts & 7, nk = counts >> 3 & 3, nin = counts >> 5, hasX = b.u8();
    demand(ndim >= 1 && ndim <= 4, '1 to 4 dimensions');
    demand(hasX <= 1 && !(hasX && (op.code === 'STORE' || op.code === 'RAND')), 'an index operand');
    Object.assign(op, range(b, op.dtype));
    op.dims = Array.from({ length: ndim }, () => dimension(b));
    op.kdims = Array.from({ length: nk }, () => dimension(b));
    demand(op.code === 'CONTRACT' || (op.code === 'REDUCE' || op.code === 'FIND') === (nk > 0), 'k dimensions');
    demand(operandCount(op).includes(nin), 'the number of operands');
    if (op.code === 'STORE') demand(op.dims.every(d => !d.grows), 'a STORE\'s dimensions are constants');
    const last = op.dims[ndim - 1];
    if (op.code === 'FIND') demand(!last.grows && last.value === 2n, 'FIND gives a pair');
    if (requantise) {
        op.c0 = b.svarint();
        op.m0 = b.svarint();
        op.s0 = b.svarint();
        demand(-256n <= op.s0 && op.s0 <= 256n, 's0');
    } else if (op.func === 'dynexp') {
        op.limit = b.svarint();
        demand(op.limit >= 1n && op.lo >= -31n && op.hi <= 95n, 'dynexp');
    } else if (op.code === 'LUT') {
        op.x0 = b.svarint();
        op.shift = BigInt(b.number(32));
        op.cells = b.number(65537);
        demand(op.cells >= 1, 'cells');
        op.left = end(b);
        op.right = end(b);
    } else if (op.code === 'DIV' || op.code === 'SQRT') {
        op.shift = BigInt(b.number(63));
    }
    const time = new Set([0, 8, 10]);
    for (let i = 0; i < ndim; i++) time.add(1 + i);
    const vars = new Set(time);
    if (hasX) vars.add(9);
    const withoutK = new Set(vars);
    for (let i = 0; i < nk; i++) vars.add(5 + i);
    op.in = [];
    for (let i = 0; i < nin; i++) {
        const table = op.code === 'LUT' && i === nin - 1, r = op.code === 'FIND' && i === 1;
        let kinds = ['imm', 'step', 'model'];
        if (op.code === 'LOAD') kinds = ['step', 'model', 'record', 'token', 'param'];
        if (op.code === 'STORE') kinds = ['step'];
        if (op.code === 'LUT') kinds = table ? ['model'] : ['imm', 'step'];
        const o = operand(b, { kinds, pad: !table && !r, role: requantise, vars: r ? withoutK : vars, time });
        if (op.code === 'CONTRACT' && o.dtype) demand(BITS[o.dtype] <= 32, 'a factor of at most 32 bits');
        if (table) {
            demand(o.layout === 0 && o.dims.length === 1 && o.dims[0].value === BigInt(op.cells + 1), 'a table');
            demand(o.index[0].every(c => c === 0n), 'a table has no index map');
        }
        op.in.push(o);
    }
    if (requantise) {
        const roles = op.in.map(o => o.role);
        demand(roles.every((r, i) => i === 0 || r >= roles[i - 1]) && roles.filter(r => r === 1).length <= 1, 'roles');
    }
    if (hasX) {
        op.x = operand(b, { kinds: ['step'], pad: false, role: false, vars: time, time });
        if (op.code === 'CONTRACT') demand(BITS[op.x.dtype] <= 32, 'the index operand of a CONTRACT, too');
    }
    while (b.at < 256) demand(b.u8() === 0, 'the tail is zero');
    return op;
}
