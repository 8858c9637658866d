import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Clock } from "../ports/clock";
import type { Registry } from "../ports/registry";
import { Credits } from "./dynamo/credits";
import { Facts } from "./dynamo/facts";
import { Health } from "./dynamo/health";
import { History } from "./dynamo/history";
import { Keys } from "./dynamo/keys";
import { Nodes } from "./dynamo/nodes";
import { Releases } from "./dynamo/releases";
import { Table } from "./dynamo/table";
import { Tasks } from "./dynamo/tasks";

export interface DynamoRegistryOptions {
  client: DynamoDBClient;
  tableName: string;
  /** Key of what belongs to one region: states, references, releases, tasks. Nodes, keys and facts are shared. */
  region: string;
  clock: Clock;
  /** A task that has not reported for this long is gone. Default 120. */
  taskTtlSeconds?: number;
}

/** The registry in one DynamoDB table. */
export function createDynamoRegistry(options: DynamoRegistryOptions): Registry {
  const { region, clock } = options;
  const table = new Table(options.client, options.tableName);
  const facts = new Facts(table);
  const nodes = new Nodes(table, facts, clock);
  const keys = new Keys(table, clock);
  const health = new Health(table, region, clock);
  const releases = new Releases(table, region, clock);
  const history = new History(table, region, clock);
  const credits = new Credits(table, region);
  const tasks = new Tasks(table, region, clock, options.taskTtlSeconds ?? 120);
  return {
    listNodes: () => nodes.list(),
    getNodes: (ids) => nodes.getMany(ids),
    getNode: (id) => nodes.get(id),
    addNode: (node) => nodes.add(node),
    updateNode: (id, patch) => nodes.update(id, patch),
    deleteNode: async (id) => {
      await nodes.delete(id);
      await health.deleteState(id);
    },
    listStates: () => health.listStates(),
    putStates: (states) => health.putStates(states),
    listReferences: () => health.listReferences(),
    putReference: (reference) => health.putReference(reference),
    currentRelease: () => releases.current(),
    listReleases: (limit) => releases.list(limit),
    publishRelease: (record, expectedCurrent) => releases.publish(record, expectedCurrent),
    markReleaseBad: (version, note) => releases.markBad(version, note),
    pinnedRelease: () => releases.pinned(),
    pinRelease: (pin) => releases.pin(pin),
    historyState: () => history.state(),
    putHistoryState: (state, expectedAt) => history.putState(state, expectedAt),
    putHistoryMinute: (minute) => history.putMinute(minute),
    listHistory: (from) => history.minutes(from),
    putEvents: (events) => history.putEvents(events),
    listEvents: (limit) => history.events(limit),
    listKeys: () => keys.list(),
    addKey: (key) => keys.add(key),
    deleteKey: (id) => keys.delete(id),
    keysVersion: () => keys.version(),
    listTasks: () => tasks.list(),
    listReports: () => tasks.listReports(),
    putTask: (heartbeat) => tasks.put(heartbeat),
    deleteTask: (taskId) => tasks.delete(taskId),
    creditCounts: () => credits.list(),
    putCreditCount: (count, expectedAt) => credits.put(count, expectedAt),
    getFact: (name) => facts.get(name),
    putFact: (name, value) => facts.put(name, value),
  };
}
