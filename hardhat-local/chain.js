/**
 * Runs the local chain until it is told to stop. Started by `node`, the script beside this file.
 *
 * Prints one line of JSON, `{"url": ..., "chain_id": ...}`, once it answers and every address has its money.
 * Ends on SIGTERM and SIGINT, and with --until-stdin-closes also when whoever started it is gone.
 */
import { parseArgs } from "node:util";

import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import { localChain } from "./hardhat.config.js";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8545" },
    "chain-id": { type: "string", default: "31337" },
    "auto-mine": { type: "boolean", default: false },
    interval: { type: "string", default: "1" },
    hardfork: { type: "string" },
    fund: { type: "string", multiple: true, default: [] },
    "until-stdin-closes": { type: "boolean", default: false },
  },
});

const TEN_THOUSAND_ETHER = "0x21e19e0c9bab2400000";
const chainId = Number(values["chain-id"]);

const hre = await createHardhatRuntimeEnvironment(
  localChain({
    chainId,
    autoMine: values["auto-mine"],
    interval: Math.round(Number(values.interval) * 1000),
    hardfork: values.hardfork,
  }),
);
const server = await hre.network.createServer("local", "127.0.0.1", Number(values.port));
const { port } = await server.listen();
const url = `http://127.0.0.1:${port}`;

for (const address of values.fund) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "hardhat_setBalance",
      params: [address, TEN_THOUSAND_ETHER],
    }),
  });
  const answer = await response.json();
  if (answer.error !== undefined) {
    console.error(`cannot fund ${address}: ${answer.error.message}`);
    process.exit(1);
  }
}
console.log(JSON.stringify({ url, chain_id: chainId }));

const stop = () => process.exit(0);
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
if (values["until-stdin-closes"]) {
  process.stdin.on("end", stop);
  process.stdin.on("error", stop);
  process.stdin.resume();
}
