"use strict";
// What Lambda's runtime does with an archive, in plain Node: requires the handler, calls it with each event of standard
// input (one JSON document a line), and writes each result to file descriptor 3.
const { createInterface } = require("node:readline");
const { createWriteStream } = require("node:fs");
const { join } = require("node:path");

const results = createWriteStream("", { fd: 3 });
const { handler } = require(join(process.cwd(), "__index.js"));

createInterface({ input: process.stdin }).on("line", async (line) => {
  let outcome;
  try {
    const result = await handler(JSON.parse(line), { awsRequestId: "test" });
    outcome = { result: result === undefined ? null : result };
  } catch (error) {
    outcome = { error: `${error.name}: ${error.message}` };
  }
  results.write(`${JSON.stringify(outcome)}\n`);
});
