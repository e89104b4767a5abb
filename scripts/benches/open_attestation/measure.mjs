// Issues and verifies the records of a JSON file with OpenAttestation's own functions and prints how long each took
// in seconds of the processor.
//
//   node measure.mjs RECORDS.json VERIFY_AT_MOST ROUNDS
//
// Of verifying, the best of ROUNDS counts.
import { readFileSync } from "node:fs";
import { verifySignature, wrapDocuments } from "@govtechsg/open-attestation";

const records = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const atMost = Number(process.argv[3]);
const rounds = Number(process.argv[4]);
const issuers = [
  {
    name: "Registry",
    documentStore: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
    identityProof: { type: "DNS-TXT", location: "registry.example" },
  },
];

function seconds(work) {
  const before = process.cpuUsage();
  const made = work();
  const { user, system } = process.cpuUsage(before);
  return [made, (user + system) / 1e6];
}

const documents = records.map((record) => ({ issuers, ...record }));
const [wrapped, issue] = seconds(() => wrapDocuments(documents));
const sample = wrapped.slice(0, atMost);
let verify = Infinity;
for (let round = 0; round < rounds; round += 1) {
  const [good, spent] = seconds(() => sample.filter((document) => verifySignature(document)).length);
  if (good !== sample.length) throw new Error(`${sample.length - good} of its own documents did not verify`);
  verify = Math.min(verify, spent);
}
console.log(
  JSON.stringify({ issued: wrapped.length, issue_seconds: issue, verified: sample.length, verify_seconds: verify }),
);
