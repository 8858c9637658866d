"use strict";
// Runs a TypeScript file with the packages it needs: node local/with-tsx.cjs <file> [arguments]
require("./bootstrap/checkNode.cjs")();
const path = require("node:path");

const file = process.argv[2];
if (!file) {
  process.stderr.write("Usage: node local/with-tsx.cjs <file> [arguments]\n");
  process.exit(2);
}
require("./bootstrap/prepare.cjs")(() => {
  // The script sees its arguments as if Node.js had run it itself.
  process.argv.splice(1, 2, path.resolve(file));
  require(path.resolve(file));
});
