"use strict";
// Loads TypeScript as Pulumi's runner does (@pulumi/pulumi/cmd/run/run.js): its own ts-node with the project's compiler.
// Closures are serialised from the text that the loader makes of a program, so tests of archives must use this one.
const { loadTypeScriptCompilerOptions, typeScriptRequireStrings } = require("@pulumi/pulumi/tsutils");

const { tsnodeRequire, typescriptRequire } = typeScriptRequireStrings();
require(tsnodeRequire).register({
  compiler: typescriptRequire,
  // `npm run check` has checked the types.
  transpileOnly: process.env.PULUMI_NODEJS_TRANSPILE_ONLY !== "false",
  project: "tsconfig.json",
  skipProject: false,
  compilerOptions: {
    target: "ES2020",
    module: "nodenext",
    moduleResolution: "nodenext",
    sourceMap: "true",
    ...loadTypeScriptCompilerOptions("tsconfig.json"),
  },
});
