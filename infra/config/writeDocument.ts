import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentCost } from "../cost/document";
import { documentConfig } from "./document";

const docs = join(__dirname, "../../docs");
writeFileSync(join(docs, "config.md"), documentConfig());
writeFileSync(join(docs, "cost.md"), documentCost());
