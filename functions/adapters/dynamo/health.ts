import type { NodeState, ReferenceHeight } from "../../domain/verdict";
import type { Clock } from "../../ports/clock";
import { concurrently } from "../concurrently";
import { type Condition, type Item, type Table, withoutKeys } from "./table";

/** A state that nobody has renewed for this long belongs to a node that is gone. */
const stateTtlSeconds = 7 * 24 * 3600;
/** Writes at once; DynamoDB has no batch write with conditions. */
const writesAtOnce = 32;
/** A stored instant this far in the future was written by a clock that has been put right since. */
const clockSlackMs = 5 * 60_000;

/** Verdicts and reference heights of one region. */
export class Health {
  constructor(
    private readonly table: Table,
    private readonly region: string,
    private readonly clock: Clock,
  ) {}

  async listStates(): Promise<NodeState[]> {
    const items = await this.table.query(`STATE#${this.region}`);
    return items.filter((item) => this.isLive(item)).map((item) => withoutKeys(item) as unknown as NodeState);
  }

  /** @returns ids of nodes whose state a newer run had written already */
  async putStates(states: NodeState[]): Promise<{ refused: string[] }> {
    const expiresAt = Math.floor(this.clock.now().getTime() / 1000) + stateTtlSeconds;
    const written = await concurrently(states, writesAtOnce, (state) => {
      const item = { pk: `STATE#${this.region}`, sk: state.nodeId, ...state, expiresAt };
      return this.table.putIf(item, isNewer(state.checkedAt));
    });
    return { refused: states.filter((_, index) => !written[index]).map((state) => state.nodeId) };
  }

  async deleteState(nodeId: string): Promise<void> {
    await this.table.delete({ pk: `STATE#${this.region}`, sk: nodeId });
  }

  async listReferences(): Promise<ReferenceHeight[]> {
    const items = await this.table.query(`REFERENCE#${this.region}`);
    return items.map((item) => withoutKeys(item) as unknown as ReferenceHeight);
  }

  async putReference(reference: ReferenceHeight): Promise<void> {
    const item = { pk: `REFERENCE#${this.region}`, sk: reference.network, ...reference };
    await this.table.putIf(item, isNewer(reference.checkedAt));
  }

  /** DynamoDB deletes expired items up to days late, the emulator never. */
  private isLive(item: Item): boolean {
    return Number(item.expiresAt) * 1000 > this.clock.now().getTime();
  }
}

/** ISO 8601 instants of one form sort like text. */
function isNewer(checkedAt: string): Condition {
  return {
    expression: "attribute_not_exists(pk) OR checkedAt < :now OR checkedAt > :future",
    values: {
      ":now": checkedAt,
      ":future": new Date(Date.parse(checkedAt) + clockSlackMs).toISOString(),
    },
  };
}
