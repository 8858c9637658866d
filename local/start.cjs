"use strict";
// `npm start`: brings the packages on a fresh clone, then runs local/main.ts in this very process, so that
// signals need no forwarding.
require("./bootstrap/checkNode.cjs")();
// The AWS SDK announces on stderr when it will ask for a newer Node.js: nothing the operator can act on here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
require("./bootstrap/prepare.cjs")(() => require("./main.ts"));
