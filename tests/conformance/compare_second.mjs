// Changed witnesses, judged by adjudicator.wasm and by the second implementation: finding and error must be the same.
//
//   node compare_second.mjs WASM [SECONDS] [SEED]      starts from spec/vectors/witnesses.json
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { adjudicate, DESCRIPTOR } from './second/adjudicator.mjs';
import { Refusal } from './second/encodings.mjs';
import { hex } from './questions.mjs';
import { OF_DESCRIPTORS } from './second_check.mjs';

const [wasmPath, seconds = '60', seed = '1'] = process.argv.slice(2);
if (!wasmPath) {
    console.error('usage: compare_second.mjs WASM [SECONDS] [SEED]');
    process.exit(2);
}
const vectors = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'spec', 'vectors');
const read = name => JSON.parse(fs.readFileSync(path.join(vectors, `${name}.json`), 'utf8')).vectors;
const file = fs.statSync(wasmPath).isDirectory() ? path.join(wasmPath, 'adjudicator.wasm') : wasmPath;
const wasm = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(file)), {}).exports;
const errors = read('errors').map(v => v.status), starts = read('witnesses');

let state = BigInt(seed);
function below(n) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(n));
}

function byWasm(claim, element, witness) {
    const input = Buffer.concat([claim, element, witness]);
    new Uint8Array(wasm.memory.buffer, wasm.crux_input(), input.length).set(input);
    const result = wasm.crux_run_adjudicator(witness.length) >>> 0;
    return ['', 'consistent', 'inconsistent'][result & 255] || errors[result >>> 8];
}

function bySecond(claim, element, witness) {
    try {
        return adjudicate(claim, element, witness);
    } catch (error) {
        if (error instanceof Refusal) return error.message;
        throw error;
    }
}

function change({ claim, element, witness }) {
    const at = below(witness.length + 1);
    switch (below(8)) {
        case 0: claim[128 + below(12)] ^= 1 << below(8); break;
        case 1: element[below(21)] ^= 1 << below(4); break;
        case 2: return { claim, element, witness: witness.subarray(0, at) };
        case 3: return { claim, element, witness: Buffer.concat([witness, Buffer.alloc(below(40), below(256))]) };
        case 4: return { claim, element, witness: Buffer.concat([witness.subarray(0, at), witness.subarray(Math.min(witness.length, at + below(64)))]) };
        default: if (witness.length > 0) witness[below(witness.length)] ^= 1 << below(8);
    }
    return { claim, element, witness };
}

let cases = 0, differences = 0;
const outcomes = new Map(), end = Date.now() + 1000 * Number(seconds);
while (Date.now() < end) {
    const start = starts[below(starts.length)];
    let c = { claim: hex(start.claim), element: hex(start.element), witness: hex(start.witness) };
    for (let i = below(2); i >= 0; i--) c = change(c);
    const a = byWasm(c.claim, c.element, c.witness), b = bySecond(c.claim, c.element, c.witness);
    cases++;
    outcomes.set(a, (outcomes.get(a) ?? 0) + 1);
    if (a === b || (b === DESCRIPTOR && OF_DESCRIPTORS.includes(a))) continue;
    differences++;
    console.log(`DIFFERENT ${start.name}: ${a}, and ${b}`, ...Object.values(c).map(x => x.toString('hex')));
}
console.log([...outcomes].sort((x, y) => y[1] - x[1]).map(([name, count]) => `${name} ${count}`).join(', '));
console.log(`${cases} cases, ${differences} differences`);
process.exitCode = differences === 0 && cases > 0 ? 0 : 1;
