"use strict";
// `npm start`: brings the packages on a fresh clone, then runs local/main.ts in this very process, so that
// signals need no forwarding.
require("./bootstrap/checkNode.cjs")();
require("./bootstrap/prepare.cjs")().then(() => require("./main.ts"));
