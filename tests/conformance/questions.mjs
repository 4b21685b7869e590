// A vector to the question that conformance.wasm is asked, and the answer that it must give: tests/conformance/answer.h.

export class Problem extends Error {}
export function demand(holds, what) {
    if (!holds) throw new Problem(what);
}

// ---- reading vectors ----

export function checkKeys(object, required, optional = []) {
    demand(object !== null && typeof object === 'object' && !Array.isArray(object), 'not an object');
    for (const key of Object.keys(object)) {
        demand(required.includes(key) || optional.includes(key), `unknown key "${key}"`);
    }
    for (const key of required) demand(key in object, `no key "${key}"`);
}

export function hex(text, length) {
    demand(typeof text === 'string' && /^([0-9a-f]{2}|z([4-9]|[1-9][0-9]{1,4})\.)*$/.test(text), 'a value is not a hex string');
    const bytes = Buffer.from(text.replace(/z([0-9]+)\./g, (_, count) => '00'.repeat(Number(count))), 'hex');
    demand(length === undefined || bytes.length === length, `${bytes.length} bytes, not ${length}`);
    return bytes;
}

export function number(value, least = 0, most = Number.MAX_SAFE_INTEGER) {
    demand(Number.isSafeInteger(value) && value >= least && value <= most, `${value} is not from ${least} to ${most}`);
    return value;
}

export function decimal(text, least = -(2n ** 63n), most = 2n ** 63n - 1n) {
    demand(typeof text === 'string' && /^(0|-?[1-9][0-9]*)$/.test(text), 'a value is no decimal string');
    const value = BigInt(text);
    demand(value >= least && value <= most, 'a value has more than 64 bits');
    return value;
}

export const unsigned = text => decimal(text, 0n, 2n ** 64n - 1n);

export function array(value) {
    demand(Array.isArray(value), 'a value is not an array');
    return value;
}

const U32 = 2 ** 32 - 1;

// ---- bytes ----

class Writer {
    constructor() { this.parts = []; }
    raw(bytes) {
        this.parts.push(bytes);
        return this;
    }
    fixed(size, write) {
        const bytes = Buffer.alloc(size);
        write(bytes);
        return this.raw(bytes);
    }
    u8(v) { return this.fixed(1, b => b.writeUInt8(v)); }
    u32(v) { return this.fixed(4, b => b.writeUInt32LE(number(v, 0, U32))); }
    i32(v) { return this.fixed(4, b => b.writeInt32LE(v)); }
    u64(v) { return this.fixed(8, b => b.writeBigUInt64LE(BigInt(v))); }
    i64(v) { return this.fixed(8, b => b.writeBigInt64LE(BigInt(v))); }
    get bytes() { return Buffer.concat(this.parts); }
}

export function padded(bytes) {
    demand(bytes.length <= 256, 'a descriptor has at most 256 bytes');
    return Buffer.concat([bytes, Buffer.alloc(256 - bytes.length)]);
}

// ---- ops ----

export const SOURCES = {
    step: { number: 1, keys: ['tensor', 'flat'] }, model: { number: 2, keys: ['tensor', 'flat'] },
    record: { number: 3, keys: ['layer', 'store', 'time', 'flat'] }, token: { number: 4, keys: ['time'] },
    param: { number: 5, keys: ['param'] },
};

function group(q, g) {
    const source = SOURCES[g.from];
    demand(source !== undefined, `reads from "${g.from}"`);
    checkKeys(g, ['slot', 'from', 'values', ...source.keys]);
    const values = array(g.values), flat = source.keys.includes('flat') ? array(g.flat) : [g.from === 'token' ? g.time : 0];
    demand(values.length === flat.length, 'as many values as places are needed');
    q.u8(g.slot === 'x' ? 4 : number(g.slot, 0, 3)).u8(source.number);
    q.u32(g.tensor ?? g.store ?? g.param ?? 0).u32(g.layer ?? 0).u32(g.time ?? 0).u32(values.length);
    values.forEach((v, i) => q.u64(number(flat[i])).i64(decimal(v)));
}

function op(q, want, v) {
    q.raw(padded(hex(v.descriptor))).u32(v.pos).u32(v.n).u32(v.layer).u32(v.seed === undefined ? 0 : v.sample);
    q.raw(v.seed === undefined ? Buffer.alloc(32) : hex(v.seed, 32));
    demand(array(v.index).length <= 4, 'an index has at most 4 coordinates');
    for (let i = 0; i < 4; i++) q.u32(v.index[i] ?? 0);
    q.u32(array(v.reads).length);
    v.reads.forEach(g => group(q, g));
    if (v.error === undefined) want.i64(decimal(v.value)).i64(v.x === undefined ? 0n : decimal(v.x)).u32(0).u32(0);
}

const same = (q, want, v) => {
    q.raw(hex(v.bytes));
    if (v.error === undefined) want.raw(hex(v.bytes));
};

// ---- layout ----

export const DTYPES = ['', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64'];

const layout = space => (q, want, v) => {
    const dtype = DTYPES.indexOf(v.dtype);
    demand(dtype > 0, `dtype "${v.dtype}"`);
    q.u8(space).u8(dtype).u32(v.pos).u32(v.n).u32(array(v.dims).length);
    for (const d of v.dims) {
        if (typeof d === 'object') checkKeys(d, ['a', 'b', 'c', 'd', 'e']);
        const { a, b, c, d: divisor, e } = typeof d === 'object' ? d : { a: d, b: 0, c: 0, d: 1, e: number(d, 1, 2 ** 31 - 1) };
        q.i32(a).i32(b).i32(c).u32(divisor).u32(e);
    }
    want.u64(number(v.pages)).u64(number(v.bytes)).u32(v.last_page_bytes);
    q.u32(array(v.elements).length);
    for (const [flat, page, at] of v.elements) {
        q.u64(number(flat));
        want.u64(number(page)).u32(at);
    }
    q.u32(array(v.padding).length);
    for (const [byte, isPadding] of v.padding) {
        demand(typeof isPadding === 'boolean', 'padding is [byte, bool]');
        q.u64(number(byte));
        want.u8(isPadding ? 1 : 0);
    }
};

function tile(q, want, v) {
    const bytes = hex(v.tile);
    q.u8(number(v.layout, 0, 255)).u32(v.inputs).u64(number(v.rows)).u64(number(v.flat)).raw(bytes);
    if (v.error === undefined) want.u64(number(v.leaves)).u64(number(v.leaf)).u32(bytes.length).i64(decimal(v.value));
}

// ---- trees ----

const leaves = (q, v) => {
    q.u32(array(v.leaves).length);
    v.leaves.forEach(l => q.raw(hex(l, 32)));
};

function root(q, want, v) {
    leaves(q, v);
    want.raw(hex(v.root, 32));
}

function peaks(q, want, v) {
    root(q, want, v);
    want.u32(array(v.peaks).length);
    v.peaks.forEach(p => want.raw(hex(p, 32)));
}

function proof(q, want, v) {
    q.u64(unsigned(v.count)).raw(hex(v.root, 32)).u32(array(v.leaves).length);
    for (const l of v.leaves) {
        checkKeys(l, ['index', 'hash']);
        q.u64(unsigned(l.index)).raw(hex(l.hash, 32));
    }
    q.raw(hex(v.proof));
}

function nested(q, want, v) {
    q.u64(unsigned(v.count)).raw(hex(v.root, 32)).u32(array(v.pages).length);
    for (const p of v.pages) {
        checkKeys(p, ['tensor', 'leaf', 'count', 'page']);
        const page = hex(p.page);
        q.u32(p.tensor).u64(unsigned(p.leaf)).u64(unsigned(p.count)).u32(page.length).raw(page);
    }
    q.raw(hex(v.proof));
}

// ---- encodings ----

const value = (put, read) => (q, want, v) => {
    q.raw(hex(v.bytes));
    if (v.error === undefined) want[put](read(v.value)).raw(hex(v.bytes));
};

// members: [keys of u32 numbers or hashes in the order of the answer]
function fields(v, want, members) {
    checkKeys(v.fields, members.map(m => m.key));
    for (const { key, form } of members) {
        const f = v.fields[key];
        if (form === 'hash') want.raw(hex(f, 32));
        else if (form === 'account') want.raw(hex(f, 20));
        else if (form === 'u64') want.u64(unsigned(f));
        else if (form === 'stops') {
            want.u32(array(f).length);
            f.forEach(s => want.u64(number(s, 0, U32)));
        } else if (form === 'params') {
            want.u32(array(f).length);
            f.forEach(p => want.i64(number(p, -(2 ** 31), 2 ** 31 - 1)));
        } else want.u64(number(f, 0, U32));
    }
}

const members = text => text.split(' ').map(word => {
    const [key, form] = word.split(':');
    return { key, form };
});

const struct = (list, hashed) => (q, want, v) => {
    q.raw(hex(v.bytes));
    if (v.error !== undefined) return;
    if (hashed) want.raw(hex(v.hash, 32));
    fields(v, want, members(list));
    want.raw(hex(v.bytes));
};

const preimage = (...keys) => (q, want, v) => {
    for (const key of keys) {
        if (typeof v[key] === 'number') q.u32(v[key]);
        else q.raw(key === 'descriptor' ? padded(hex(v[key])) : hex(v[key]));
    }
    want.raw(hex(v.hash, 32));
};

function caseFile(q, want, v) {
    q.raw(hex(v.bytes));
    if (v.error === undefined) want.raw(hex(v.claim)).raw(hex(v.element)).raw(hex(v.witness));
}

function errorName(q, want, v) {
    q.u32(v.number);
    want.raw(Buffer.from(v.status, 'latin1'));
}

// file -> function -> [question number, inputs, outputs, ask]; '*' is any function
const PLACES = ['dtype', 'dims', 'pos', 'n', 'elements', 'padding'], SIZES = ['pages', 'bytes', 'last_page_bytes'];
const preimageKind = (question, ...keys) => [question, keys, ['hash'], preimage(...keys)];
export const KINDS = {
    errors: { error: [25, ['number', 'status'], [], errorName] },
    ops: { '*': [1, ['descriptor', 'pos', 'n', 'layer', 'index', 'reads'], ['value'], op, ['seed', 'sample', 'x']] },
    descriptors: { descriptor: [2, ['bytes'], [], same], header: [3, ['bytes'], [], same], layer: [4, ['bytes'], [], same] },
    programs: { program: [26, ['bytes'], [], same, ['text']] },
    layout: {
        model: [5, PLACES, SIZES, layout(1)], run: [5, PLACES, SIZES, layout(2)], step: [5, PLACES, SIZES, layout(3)],
        tile: [6, ['layout', 'rows', 'inputs', 'flat', 'tile'], ['leaves', 'leaf', 'value'], tile],
    },
    merkle: {
        leaf: preimageKind(7, 'page'), root: [8, ['leaves'], ['root'], root], proof: [9, ['count', 'root', 'leaves', 'proof'], [], proof],
        nested: [10, ['count', 'root', 'pages', 'proof'], [], nested], peaks: [11, ['leaves'], ['root', 'peaks'], peaks],
    },
    encodings: {
        uvarint: [12, ['bytes'], ['value'], value('u64', unsigned)], svarint: [13, ['bytes'], ['value'], value('i64', decimal)],
        claim: [14, ['bytes'], ['fields', 'hash'], struct('model_root:hash request_hash:hash output_root:hash trace_root:hash request_tokens chosen_tokens cancelled', true)],
        element: [15, ['bytes'], ['fields'], struct('kind pos layer op index:u64 record_root:hash tensors_root:hash leaf_hash:hash', false)],
        request: [16, ['bytes'], ['fields', 'hash'], struct('model_root:hash nonce:hash seed:hash tokens_root:hash sample request_tokens limit stops:stops params:params', true)],
        receipt: [27, ['bytes'], ['fields', 'hash'], struct('chain:hash contract:hash executor:account request_hash:hash claim_hash:hash mode requester:account deadline:u64', true)],
        null_leaf: preimageKind(17), close_leaf: preimageKind(18, 'request_tokens', 'chosen_tokens', 'cancelled', 'output_root'),
        step_root: preimageKind(19, 'record_root', 'tensors_root'), op_leaf: preimageKind(20, 'descriptor'),
        layer_leaf: preimageKind(21, 'layer', 'ops_root'), manifest_hash: preimageKind(22, 'manifest'),
        model_root: preimageKind(23, 'header', 'manifest_hash', 'layers_root'),
        case: [24, ['bytes'], ['claim', 'element', 'witness'], caseFile],
    },
    witnesses: Object.fromEntries(['value', 'padding', 'null', 'close', 'count', 'output', 'done'].map(
        kind => [kind, [null, ['claim', 'element', 'witness'], ['finding'], null]])),
};

// The kind of a vector; checks its keys.
export function kindOf(file, vector) {
    demand(typeof vector.name === 'string' && /^[a-z0-9_]+_case_[a-z0-9_]+$/.test(vector.name), 'a name is FUNCTION_case_REASON');
    const name = vector.name.split('_case_')[0], kind = KINDS[file][name] ?? KINDS[file]['*'];
    demand(kind !== undefined, `no function '${name}' is known in this file`);
    const [question, inputs, outputs, ask, optional = []] = kind;
    checkKeys(vector, ['name', ...inputs, ...('error' in vector ? ['error'] : outputs)], optional);
    return { question, ask };
}

export function questionOf(kind, vector) {
    const q = new Writer().u8(kind.question), want = new Writer();
    kind.ask(q, want, vector);
    return { question: q.bytes, want: want.bytes };
}
