import { createHmac, randomBytes } from "node:crypto";
import type { NodeLimits, RegisteredNode } from "../../domain/node";
import type { Clock } from "../../ports/clock";
import {
  type AddNode,
  LeaderExistsError,
  NodeExistsError,
  NodeNotFoundError,
  type NodePatch,
} from "../../ports/registry";
import type { Facts } from "./facts";
import { type Item, type Table, withoutKeys } from "./table";

const nodeKey = (id: string) => ({ pk: "NODE", sk: id });
const leaderKey = (network: string) => ({ pk: "LEADER", sk: network });
const exists = { expression: "attribute_exists(pk)" };
const isAbsent = { expression: "attribute_not_exists(pk)" };

/**
 * Nodes, and who leads each network. `LEADER/<network>` alone says who does: a claim is a conditional write, so there
 * are never two. A node is written before it claims and removed before its claim, so a claim of a node that is not there
 * is a leftover that anyone may take over.
 */
export class Nodes {
  constructor(
    private readonly table: Table,
    private readonly facts: Facts,
    private readonly clock: Clock,
  ) {}

  async list(): Promise<RegisteredNode[]> {
    const [items, leaders] = await Promise.all([this.table.query("NODE"), this.leaders()]);
    return items.map((item) => toNode(item, leaders));
  }

  async get(id: string): Promise<RegisteredNode | undefined> {
    return (await this.getMany([id]))[0];
  }

  async getMany(ids: string[]): Promise<RegisteredNode[]> {
    const keys = [...new Set(ids)].map(nodeKey);
    const [items, leaders] = await Promise.all([this.table.getMany(keys), this.leaders()]);
    return items.map((item) => toNode(item, leaders));
  }

  async add(node: AddNode): Promise<RegisteredNode> {
    const id = await this.idOf(node.network, node.url);
    const whenAdded = this.clock.now().toISOString();
    const { isLeader, limits, ...attributes } = node;
    const added = await this.table.putIf(
      { ...nodeKey(id), ...attributes, ...limits, id, whenAdded },
      isAbsent,
    );
    if (!added) throw new NodeExistsError("A node with this URL is registered in this network already.");
    if (isLeader && !(await this.claim(node.network, id))) {
      await this.table.deleteIf(nodeKey(id), { expression: "whenAdded = :w", values: { ":w": whenAdded } });
      throw new LeaderExistsError(`Network ${node.network} has another leader.`);
    }
    return { ...node, id, whenAdded };
  }

  async update(id: string, patch: NodePatch): Promise<RegisteredNode> {
    const before = await this.get(id);
    if (!before) throw notFound(id);
    const { isLeader, ...attributes } = patch;
    if (isLeader && !(await this.claim(before.network, id))) {
      throw new LeaderExistsError(`Network ${before.network} has another leader.`);
    }
    if (isLeader === false) await this.release(before.network, id);
    const item = await this.table.updateIf(nodeKey(id), { ...attributes }, exists);
    if (!item) {
      await this.release(before.network, id);
      throw notFound(id);
    }
    return toNode(item, await this.leaders());
  }

  async delete(id: string): Promise<void> {
    const node = await this.get(id);
    if (!node || !(await this.table.deleteIf(nodeKey(id), exists))) throw notFound(id);
    await this.release(node.network, id);
  }

  /** @returns false when another registered node leads */
  private async claim(network: string, id: string): Promise<boolean> {
    const claim = { ...leaderKey(network), nodeId: id };
    const free = { expression: "attribute_not_exists(pk) OR nodeId = :id", values: { ":id": id } };
    if (await this.table.putIf(claim, free)) return true;
    const holder = (await this.table.get(leaderKey(network)))?.nodeId;
    if (typeof holder === "string" && (await this.table.get(nodeKey(holder)))) return false;
    return this.table.putIf(claim, {
      expression: "attribute_not_exists(pk) OR nodeId = :holder",
      values: { ":holder": holder ?? id },
    });
  }

  private async release(network: string, id: string): Promise<void> {
    await this.table.deleteIf(leaderKey(network), { expression: "nodeId = :id", values: { ":id": id } });
  }

  /** Ids of all leaders, by network. */
  private async leaders(): Promise<Map<string, unknown>> {
    const items = await this.table.query("LEADER");
    return new Map(items.map((item) => [String(item.sk), item.nodeId]));
  }

  /** Keyed, so an id gives away nothing about a URL to somebody who guesses URLs. */
  private async idOf(network: string, url: string): Promise<string> {
    const salt = await this.facts.getOrCreate("nodeIdSalt", () => randomBytes(32).toString("hex"));
    return `n${createHmac("sha256", salt).update(`${network}\n${url}`).digest("hex").slice(0, 16)}`;
  }
}

const notFound = (id: string) => new NodeNotFoundError(`No node ${id} is registered.`);

function toNode(item: Item, leaders: Map<string, unknown>): RegisteredNode {
  const { maxRequestsPerSecond, maxConcurrency, monthlyCredits, ...attributes } = withoutKeys(item);
  const limits = dropUndefined({ maxRequestsPerSecond, maxConcurrency, monthlyCredits }) as NodeLimits;
  const isLeader = leaders.get(String(attributes.network)) === attributes.id;
  const node = { ...attributes, isLeader } as RegisteredNode;
  return Object.keys(limits).length > 0 ? { ...node, limits } : node;
}

function dropUndefined(object: Item): Item {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
