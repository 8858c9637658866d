"use strict";
/* Read by any version of Node.js, so: no syntax newer than 2015. */

/** The oldest Node.js that runs ES modules through `require`, as package.json's `engines` says. */
const oldest = [20, 19];

/** Ends the process with one line when this Node.js is too old. */
module.exports = function checkNode() {
  const version = process.versions.node.split(".").map(Number);
  const recent = version[0] > oldest[0] || (version[0] === oldest[0] && version[1] >= oldest[1]);
  if (recent) return;
  process.stderr.write(
    "Node.js " +
      oldest.join(".") +
      " or newer is needed; this is " +
      process.version +
      ". See https://nodejs.org\n",
  );
  process.exit(1);
};
