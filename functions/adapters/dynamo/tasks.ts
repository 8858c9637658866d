import type { TaskHeartbeat } from "../../domain/task";
import type { Clock } from "../../ports/clock";
import { type Table, withoutKeys } from "./table";

/** What a task has counted can be had so long after its end. */
const countedSeconds = 3600;

/** Heartbeats of one region's tasks. */
export class Tasks {
  private readonly pk: string;

  constructor(
    private readonly table: Table,
    region: string,
    private readonly clock: Clock,
    private readonly ttlSeconds: number,
  ) {
    this.pk = `TASK#${region}`;
  }

  async list(): Promise<TaskHeartbeat[]> {
    return (await this.notExpired(0)).filter((heartbeat) => heartbeat.left !== true);
  }

  /** Those too that have left or fallen silent lately. */
  listReports(): Promise<TaskHeartbeat[]> {
    return this.notExpired(countedSeconds);
  }

  /** DynamoDB deletes expired items late, the emulator never. */
  private async notExpired(graceSeconds: number): Promise<TaskHeartbeat[]> {
    const nowSeconds = this.clock.now().getTime() / 1000;
    const items = await this.table.query(this.pk);
    return items
      .filter((item) => Number(item.expiresAt) + graceSeconds > nowSeconds)
      .map((item) => withoutKeys(item) as unknown as TaskHeartbeat);
  }

  async put(heartbeat: TaskHeartbeat): Promise<void> {
    const { taskId, startedAt, left } = heartbeat;
    const ttlSeconds = left ? countedSeconds : this.ttlSeconds;
    const expiresAt = Math.ceil(this.clock.now().getTime() / 1000) + ttlSeconds;
    // The next one of that name must not take the place of a last report.
    const sk = left ? `${taskId}/${startedAt}` : taskId;
    await this.table.put({ pk: this.pk, sk, ...heartbeat, expiresAt });
    if (left) await this.delete(taskId);
  }

  async delete(taskId: string): Promise<void> {
    await this.table.delete({ pk: this.pk, sk: taskId });
  }
}
