// Elements a second of adjudicator.wasm under node, for one case file (bench_adjudicator --case FILE).
//
//   node bench_adjudicator.mjs ADJUDICATOR.wasm CASE [ROUNDS]
import fs from 'node:fs';

const [wasmFile, caseFile, rounds = '11'] = process.argv.slice(2);
if (!caseFile) {
    console.error('usage: bench_adjudicator.mjs ADJUDICATOR.wasm CASE [ROUNDS]');
    process.exit(2);
}
const wasm = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(wasmFile)), {}).exports;
const bytes = fs.readFileSync(caseFile), claimAndElement = bytes.subarray(12, 12 + 140 + 117), witness = bytes.subarray(12 + 140 + 117 + 4);
new Uint8Array(wasm.memory.buffer, wasm.crux_input(), 257 + witness.length).set(Buffer.concat([claimAndElement, witness]));

const CONSISTENT = 1, TURN_MS = 50, times = [];
for (let round = 0; round < Number(rounds); round++) {
    const start = performance.now();
    let judged = 0, now = start;
    for (; now - start < TURN_MS; now = performance.now(), judged++) {
        if (wasm.crux_run_adjudicator(witness.length) !== CONSISTENT) throw new Error('an honest element is refused');
    }
    times.push((now - start) / judged);
}
const ms = times.sort((a, b) => a - b)[times.length >> 1];
console.log(`${witness.length} bytes, ${(1000 * ms).toFixed(1)} us, ${Math.round(1000 / ms)} elements a second`);
