import type { CreditCount, CreditCounts } from "../../domain/credits";
import type { Table } from "./table";

const pk = "CREDIT";

/**
 * What each region has counted of calls to nodes with a monthly limit, as JSON: `CREDIT/<region>`. A plan is the same for all regions, so
 * each reads what all have counted and writes its own.
 */
export class Credits {
  constructor(
    private readonly table: Table,
    private readonly region: string,
  ) {}

  async list(): Promise<CreditCounts> {
    const items = await this.table.query(pk);
    const counts = items.map(({ sk, content }) => ({
      sk,
      count: JSON.parse(String(content)) as CreditCount,
    }));
    return {
      here: counts.find(({ sk }) => sk === this.region)?.count,
      elsewhere: counts.filter(({ sk }) => sk !== this.region).map(({ count }) => count),
    };
  }

  async put(count: CreditCount, expectedAt: string | undefined): Promise<boolean> {
    const item = { pk, sk: this.region, at: count.at, content: JSON.stringify(count) };
    return this.table.putIf(
      item,
      expectedAt === undefined
        ? { expression: "attribute_not_exists(pk)" }
        : { expression: "#at = :expected", names: { "#at": "at" }, values: { ":expected": expectedAt } },
    );
  }
}
