import { writeFileSync } from "node:fs";
import path from "node:path";
import { documentBehaviour } from "./document";
import { readTitles } from "./titles";

void readTitles().then((titles) =>
  writeFileSync(path.join(__dirname, "../../docs/behaviour.md"), documentBehaviour(titles)),
);
