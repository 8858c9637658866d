import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { dashboards } from "./dashboards";

for (const [name, text] of Object.entries(dashboards())) {
  writeFileSync(join(__dirname, "grafana/dashboards", name), text);
}
