// Runs the vectors in wasm, and against the second implementation.  spec/60-vectors.md
//
//   node run_vectors.mjs WASM [FOLDER...]     WASM: the folder of the wasm files, or a file in it; folders: spec/vectors
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkKeys, demand, hex, KINDS, kindOf, questionOf } from './questions.mjs';
import { checkSecond, SECOND_FILES } from './second_check.mjs';

const FILES = Object.keys(KINDS);
const FINDINGS = ['none', 'consistent', 'inconsistent'];
let passed = 0, failed = 0;

function fail(where, what) {
    console.log(`FAILED ${where}: ${what}`);
    failed++;
}

// ---- wasm ----

function load(folder, name) {
    const file = path.join(folder, name), module = new WebAssembly.Module(fs.readFileSync(file));
    const imports = WebAssembly.Module.imports(module);
    if (imports.length !== 0) fail(file, `has imports: ${imports.map(i => i.name)}`);
    console.log(`${name}: ${fs.statSync(file).size} bytes`);
    return new WebAssembly.Instance(module, {}).exports;
}

const memory = (wasm, at, length) => new Uint8Array(wasm.memory.buffer, at, length);

function ask(wasm, question) {
    memory(wasm, wasm.crux_question(), question.length).set(question);
    const length = wasm.crux_ask(question.length), answer = Buffer.from(memory(wasm, wasm.crux_answer(), length));
    return { status: answer.readUInt16LE(0), bytes: answer.subarray(2) };
}

function judge(wasm, claim, element, witness) {
    const input = Buffer.concat([claim, element, witness]);
    memory(wasm, wasm.crux_input(), input.length).set(input);
    const result = wasm.crux_run_adjudicator(witness.length) >>> 0;
    return { status: result >>> 8, finding: FINDINGS[result & 255] };
}

// ---- one vector ----

function checkWitness(vector, wasm, errors) {
    const claim = hex(vector.claim, 140), element = hex(vector.element, 117);
    const found = judge(wasm.adjudicator, claim, element, hex(vector.witness)), status = errors[found.status];
    demand(status === (vector.error ?? 'ok'), `gives ${status}`);
    demand(found.finding === (vector.finding ?? 'none'), `is ${found.finding}`);
}

function checkVector(file, vector, wasm, errors) {
    const kind = kindOf(file, vector);
    demand(vector.error === undefined || (vector.error !== 'ok' && errors.includes(vector.error)), 'no error has this name');
    if (file === 'witnesses') return checkWitness(vector, wasm, errors);
    const { question, want } = questionOf(kind, vector), answer = ask(wasm.conformance, question);
    demand(errors[answer.status] === (vector.error ?? 'ok'), `gives ${errors[answer.status]}`);
    if (vector.error === undefined) demand(answer.bytes.equals(want), `answers ${answer.bytes.toString('hex')}, not ${want.toString('hex')}`);
    return undefined;
}

// ---- files ----

const NATIVE_ONLY = ['game'];

function readFile(folder, name) {
    const where = path.join(folder, `${name}.json`);
    try {
        const root = JSON.parse(fs.readFileSync(where, 'utf8'));
        checkKeys(root, ['file', 'format', 'vectors']);
        demand(root.file === name, '"file" is not its name');
        demand(root.format === 2, 'the format is not 2');
        demand(Array.isArray(root.vectors) && root.vectors.length > 0, 'no vectors');
        return root.vectors;
    } catch (error) {
        fail(where, error.message);
        return [];
    }
}

function run(title, file, vectors, check) {
    const names = new Set(), before = [passed, failed];
    for (const vector of vectors) {
        try {
            demand(!names.has(vector.name), 'the name is given twice');
            names.add(vector.name);
            if (check(vector) !== false) passed++;
        } catch (error) {
            fail(`${title} ${file}: ${vector?.name}`, error.message);
        }
    }
    console.log(`${`${title} ${file}`.padEnd(20)} ${String(passed - before[0]).padStart(5)} passed, ${failed - before[1]} failed`);
}

// false: not covered, which is no pass
function second(file, vector) {
    const difference = checkSecond(file, vector);
    if (difference === undefined) return false;
    demand(difference === null, difference);
    return true;
}

function runFolder(folder, wasm) {
    const vectors = Object.fromEntries(FILES.map(file => [file, readFile(folder, file)]));
    const errors = vectors.errors.map(v => v.status);
    for (const file of FILES) run('wasm', file, vectors[file], v => checkVector(file, v, wasm, errors));
    for (const file of SECOND_FILES) run('second', file, vectors[file], v => second(file, v));
    for (const file of NATIVE_ONLY) console.log(`${file}: by the C runner alone (the wasm has no game in it)`);
    const known = [...FILES, ...NATIVE_ONLY];
    for (const name of fs.readdirSync(folder).filter(n => n.endsWith('.json') && !known.includes(n.slice(0, -5)))) {
        fail(path.join(folder, name), 'no such vector file is known');
    }
}

function main(args) {
    if (args.length < 1) {
        console.error('usage: run_vectors.mjs WASM [FOLDER...]');
        return 2;
    }
    const wasmFolder = fs.statSync(args[0]).isDirectory() ? args[0] : path.dirname(args[0]);
    const own = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'spec', 'vectors');
    const wasm = { adjudicator: load(wasmFolder, 'adjudicator.wasm'), conformance: load(wasmFolder, 'conformance.wasm') };
    for (const folder of args.length > 1 ? args.slice(1) : [own]) runFolder(folder, wasm);
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
