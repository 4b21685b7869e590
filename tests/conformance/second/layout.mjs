// Where elements lie in bytes. spec/10-machine.md. Numbers are BigInt.

const BYTES = [0n, 1n, 1n, 2n, 2n, 4n, 4n, 8n];
const SIGNED = [false, true, false, true, false, true, false, true];
const PAGE = { model: 256n, request: 256n, step: 256n, run: 1024n };
const ceil = (a, b) => (a + b - 1n) / b;
const product = values => values.reduce((p, v) => p * v, 1n);

function powerAtLeast(v) {
    let p = 1n;
    while (p < v) p *= 2n;
    return p;
}

// dims: [{grows}], values: their extents at the position
export function layout(space, dtype, dims, values) {
    const growing = dims.findIndex(d => d.grows), last = values.length - 1, size = BYTES[dtype], page = PAGE[space];
    const first = space === 'run' ? last : space === 'step' && growing >= 0 ? growing : 0; // the first dimension of a row
    const rows = product(values.slice(0, first)), elements = product(values.slice(first)), used = elements * size;
    const stride = used === 0n ? 0n : used <= page ? powerAtLeast(used) : powerAtLeast(ceil(used, page)) * page;
    const bytes = rows * stride;
    return { rows, elements, used, stride, bytes, page, size, dtype, pages: ceil(bytes, page) };
}

export const offset = (l, flat) => flat / l.elements * l.stride + flat % l.elements * l.size;
export const pageLength = (l, page) => l.bytes - page * l.page < l.page ? l.bytes - page * l.page : l.page;
export const isPadding = (l, byte) => byte % l.stride >= l.used;

export function get(dtype, bytes, at) {
    let value = 0n;
    for (let i = 0n; i < BYTES[dtype]; i++) value |= BigInt(bytes[Number(BigInt(at) + i)]) << 8n * i;
    return SIGNED[dtype] ? BigInt.asIntN(Number(8n * BYTES[dtype]), value) : value;
}

export function tileLayout(byte) {
    const width = byte & 3, code = byte >> 4;
    if (width === 0 || code > 2) return null;
    return { width, group: byte & 4 ? 16n : 32n, offsets: (byte & 8) !== 0, chunk: 128n << BigInt(code) };
}

// The tile that holds flat index `flat` of rows of `inputs` inputs, and the input's number in it.
export function tileOf(tile, inputs, flat) {
    const perRow = ceil(inputs, tile.chunk), row = flat / inputs, input = flat % inputs, t = input / tile.chunk;
    const count = t === perRow - 1n ? inputs - t * tile.chunk : tile.chunk, groups = ceil(count, tile.group);
    const q = tile.width === 1 ? ceil(count, 2n) : tile.width === 2 ? count : 2n * count;
    return { leaf: row * perRow + t, perRow, count, groups, at: input % tile.chunk, bytes: groups * (tile.offsets ? 4n : 2n) + q };
}

export function tileValue(tile, spot, bytes) {
    const g = spot.at / tile.group, m = get(3, bytes, 2n * g), n = tile.offsets ? get(3, bytes, 2n * (spot.groups + g)) : 0n;
    const start = spot.groups * (tile.offsets ? 4n : 2n);
    let q;
    if (tile.width === 1) {
        const byte = BigInt(bytes[Number(start + spot.at / 2n)]);
        q = spot.at % 2n === 0n ? byte & 15n : byte >> 4n;
    } else {
        q = tile.width === 2 ? get(1, bytes, start + spot.at) : get(3, bytes, start + 2n * spot.at);
    }
    return m * q + n;
}
