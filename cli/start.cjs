#!/usr/bin/env node
"use strict";
// `npx jsonrpc-gateway` and `npm run gateway --`: brings the packages on a fresh clone, then runs cli/main.ts.
require("../local/bootstrap/checkNode.cjs")();
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
require("../local/bootstrap/prepare.cjs")(() => require("./main.ts"));
