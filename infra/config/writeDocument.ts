import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentConfig } from "./document";

writeFileSync(join(__dirname, "../../docs/config.md"), documentConfig());
