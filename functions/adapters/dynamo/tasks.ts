import type { TaskHeartbeat } from "../../domain/task";
import type { Clock } from "../../ports/clock";
import { type Table, withoutKeys } from "./table";

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
    const nowSeconds = this.clock.now().getTime() / 1000;
    const items = await this.table.query(this.pk);
    return items
      .filter((item) => Number(item.expiresAt) > nowSeconds)
      .map((item) => withoutKeys(item) as unknown as TaskHeartbeat);
  }

  async put(heartbeat: TaskHeartbeat): Promise<void> {
    const expiresAt = Math.ceil(this.clock.now().getTime() / 1000) + this.ttlSeconds;
    await this.table.put({ pk: this.pk, sk: heartbeat.taskId, ...heartbeat, expiresAt });
  }

  async delete(taskId: string): Promise<void> {
    await this.table.delete({ pk: this.pk, sk: taskId });
  }
}
