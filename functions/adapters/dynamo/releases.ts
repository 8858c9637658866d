import type { ReleasePin, ReleaseRecord } from "../../domain/release";
import type { Clock } from "../../ports/clock";
import { type Condition, type Table, withoutKeys } from "./table";

/** Records of releases are kept this long; the current one is in the pointer too. */
const recordTtlSeconds = 90 * 24 * 3600;
/** How far back a good release is looked for. */
const rollbackDepth = 100;
const anyVersion: [string, string] = ["0000000000", "9999999999"];

/** `RELEASE#<region>/current`: which release is in force, and the highest version ever. */
interface Pointer {
  highest: number;
  currentVersion?: number;
  record?: ReleaseRecord;
}

/** Release records of one region, and which one is in force. */
export class Releases {
  private readonly pk: string;
  private readonly pointerKey: { pk: string; sk: string };
  private readonly pinKey: { pk: string; sk: string };

  constructor(
    private readonly table: Table,
    region: string,
    private readonly clock: Clock,
  ) {
    this.pk = `RELEASE#${region}`;
    this.pointerKey = { pk: this.pk, sk: "current" };
    this.pinKey = { pk: this.pk, sk: "pin" };
  }

  async current(): Promise<ReleaseRecord | undefined> {
    return (await this.pointer())?.record;
  }

  async list(limit: number): Promise<ReleaseRecord[]> {
    const [items, current] = await Promise.all([
      this.table.query(this.pk, { newestFirst: true, limit, between: anyVersion }),
      this.current(),
    ]);
    const records = items.map((item) => withoutKeys(item) as unknown as ReleaseRecord);
    // A publisher that died between its two writes left the record in the pointer only.
    if (current && !records.some((record) => record.version === current.version)) records.push(current);
    return records.sort((a, b) => b.version - a.version).slice(0, limit);
  }

  async publish(record: ReleaseRecord, expectedCurrent: number | undefined): Promise<boolean> {
    const pointed = await this.point(record, {
      ...expectation(expectedCurrent, record.version),
    });
    if (pointed) await this.putRecord(record);
    return pointed;
  }

  async markBad(version: number, note: string): Promise<ReleaseRecord | undefined> {
    const pointer = await this.pointer();
    const record =
      (await this.record(version)) ?? (pointer?.currentVersion === version ? pointer.record : undefined);
    if (record) await this.putRecord({ ...record, status: "bad", note });
    if (pointer?.currentVersion !== version) return pointer?.record;
    const good = (await this.list(rollbackDepth)).find(
      (candidate) => candidate.version !== version && candidate.status === "good",
    );
    const isStillCurrent = { expression: "currentVersion = :bad", values: { ":bad": version } };
    const changes = good
      ? { currentVersion: good.version, record: good }
      : { currentVersion: null, record: null };
    await this.table.updateIf(this.pointerKey, changes, isStillCurrent);
    return this.current();
  }

  async pinned(): Promise<ReleasePin | undefined> {
    return (await this.table.get(this.pinKey))?.pin as ReleasePin | undefined;
  }

  async pin(pin: ReleasePin | undefined): Promise<void> {
    await this.table.put({ ...this.pinKey, pin });
  }

  private async point(record: ReleaseRecord, condition: Condition): Promise<boolean> {
    const changes = { highest: record.version, currentVersion: record.version, record };
    return (await this.table.updateIf(this.pointerKey, changes, condition)) !== undefined;
  }

  private async pointer(): Promise<Pointer | undefined> {
    return (await this.table.get(this.pointerKey)) as Pointer | undefined;
  }

  private async record(version: number): Promise<ReleaseRecord | undefined> {
    const item = await this.table.get({ pk: this.pk, sk: padded(version) });
    return item && (withoutKeys(item) as unknown as ReleaseRecord);
  }

  private async putRecord(record: ReleaseRecord): Promise<void> {
    const expiresAt = Math.floor(this.clock.now().getTime() / 1000) + recordTtlSeconds;
    await this.table.put({ pk: this.pk, sk: padded(record.version), ...record, expiresAt });
  }
}

/** The version is the next one, and the one in force is still the one that the publisher knows. */
function expectation(expectedCurrent: number | undefined, version: number): Condition {
  const next = version === 1 ? "(attribute_not_exists(highest) OR highest = :before)" : "highest = :before";
  const before = { ":before": version - 1 };
  return expectedCurrent === undefined
    ? { expression: `attribute_not_exists(currentVersion) AND ${next}`, values: before }
    : {
        expression: `currentVersion = :expected AND ${next}`,
        values: { ...before, ":expected": expectedCurrent },
      };
}

function padded(version: number): string {
  return String(version).padStart(10, "0");
}
