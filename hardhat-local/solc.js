/** The pinned compiler, with the part of solc's command line that py-solc-x uses: --version and --standard-json. */
import { readFileSync } from "node:fs";

import solc from "solc";

const [option, ...rest] = process.argv.slice(2);
if (option === "--version") {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (option === "--standard-json" && rest.length === 0) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  console.error(`unrecognised option '${option ?? ""}'`);
  process.exitCode = 1;
}
