import type { GatewayEvent, HistoryMinute, HistoryState } from "../../domain/history/types";
import type { Clock } from "../../ports/clock";
import type { Table } from "./table";

const minuteTtlSeconds = 24 * 3600;
const eventTtlSeconds = 7 * 24 * 3600;
const stateKey = "state";

/**
 * Minutes and events of one region. Contents are JSON in one attribute: small, and read as a whole. Items: `HISTORY#<region>/state`,
 * `HISTORY#<region>/<minute>`, `EVENT#<region>/<instant>/<number>`.
 */
export class History {
  private readonly pk: string;
  private readonly eventPk: string;

  constructor(
    private readonly table: Table,
    region: string,
    private readonly clock: Clock,
  ) {
    this.pk = `HISTORY#${region}`;
    this.eventPk = `EVENT#${region}`;
  }

  async state(): Promise<HistoryState | undefined> {
    return read<HistoryState>(await this.table.get({ pk: this.pk, sk: stateKey }));
  }

  async putState(state: HistoryState, expectedAt: string | undefined): Promise<boolean> {
    const item = { pk: this.pk, sk: stateKey, at: state.at, content: JSON.stringify(state) };
    return this.table.putIf(
      item,
      expectedAt === undefined
        ? { expression: "attribute_not_exists(pk)" }
        : { expression: "#at = :expected", names: { "#at": "at" }, values: { ":expected": expectedAt } },
    );
  }

  async putMinute(minute: HistoryMinute): Promise<void> {
    await this.table.put({
      pk: this.pk,
      sk: minute.at,
      content: JSON.stringify(minute),
      expiresAt: this.expiry(minuteTtlSeconds),
    });
  }

  async minutes(from: string): Promise<HistoryMinute[]> {
    // Instants begin with a digit; the state, which does not, is left out.
    const items = await this.table.query(this.pk, { between: [from, "9999"] });
    return items.map((item) => read<HistoryMinute>(item)).filter((minute) => minute !== undefined);
  }

  async putEvents(events: GatewayEvent[]): Promise<void> {
    const expiresAt = this.expiry(eventTtlSeconds);
    for (const [index, event] of events.entries()) {
      const sk = `${event.at}/${String(index).padStart(3, "0")}`;
      await this.table.put({ pk: this.eventPk, sk, content: JSON.stringify(event), expiresAt });
    }
  }

  async events(limit: number): Promise<GatewayEvent[]> {
    const items = await this.table.query(this.eventPk, { newestFirst: true, limit });
    return items.map((item) => read<GatewayEvent>(item)).filter((event) => event !== undefined);
  }

  private expiry(seconds: number): number {
    return Math.floor(this.clock.now().getTime() / 1000) + seconds;
  }
}

function read<T>(item: Record<string, unknown> | undefined): T | undefined {
  return typeof item?.content === "string" ? (JSON.parse(item.content) as T) : undefined;
}
