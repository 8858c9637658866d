import type { Verdict } from "./answer";
import { askNode, type Reply } from "./askNode";
import { blameOthers, failNode } from "./blame";
import type { Call } from "./call";
import { chooseNext, restOf } from "./choose";
import { conclude, finishKnown, finishWithNode } from "./conclude";
import { countAnswer, countFailure } from "./counters";
import { learnLatency } from "./latency";
import { charge } from "./nodeLimits";
import { failAsSaid } from "./settle";
import { isUsable, noteGood, recover } from "./state";
import type { Failure, Network, Node, Runtime } from "./types";

/** What one node refuses another may accept, but the sender need not wait for a node that is silent. */
const patienceMs = 1000;

/** A result of more letters is no transaction's hash, whatever the chain. */
const longestHash = 500;

const graceMs = 50;

/**
 * Sends transactions to several nodes at once: the first that accepts one answers for it. All transactions go to the same nodes,
 * together, so that those of one sender arrive in their order. What a node says against a transaction counts when no node
 * took it; nodes that could not be asked are followed by others.
 */
export class Broadcast {
  attempts = 0;
  private readonly tried: Node[] = [];
  /** The first node's words against a transaction. */
  private readonly refusals = new Map<Call, { member: string; node: Node }>();
  private readonly deadline: number;
  private underWay = 0;
  private isOver = false;
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly r: NginxHTTPRequest,
    private readonly runtime: Runtime,
    private readonly network: Network,
    private readonly calls: Call[],
    /** Called once, when every transaction has its answer; slower nodes may still be sending theirs. */
    private readonly done: (broadcast: Broadcast) => void,
  ) {
    this.deadline = Date.now() + runtime.limits.callTimeoutMs;
  }

  start(): void {
    const now = Date.now();
    const nodes = now < this.deadline ? this.nextNodes(now) : [];
    for (const node of nodes) this.tried.push(node);
    for (const node of nodes) this.send(node, this.open());
    if (nodes.length > 0) return;
    for (const call of this.open()) call.restMs = restOf(this.network, this.tried, now);
    this.end();
  }

  /** Several in the rotation; else the one most likely to be back, and at last the leader. */
  private nextNodes(now: number): Node[] {
    const nodes: Node[] = [];
    while (nodes.length < this.runtime.limits.broadcastNodes) {
      const node = chooseNext(this.network, [...this.tried, ...nodes], now);
      if (node === undefined) break;
      const isSpare = node === this.network.leader || !isUsable(node, now);
      if (isSpare && nodes.length > 0) break;
      nodes.push(node);
      if (isSpare) break;
    }
    return nodes;
  }

  private open(): Call[] {
    return this.calls.filter(({ member }) => member === undefined);
  }

  private send(node: Node, calls: Call[]): void {
    this.attempts++;
    this.underWay++;
    charge(node, Date.now(), calls.length);
    const sentAt = Date.now();
    const left = Math.max(1, this.deadline - sentAt);
    const limit = Math.min(this.runtime.limits.attemptTimeoutMs + graceMs, left);
    askNode(this.r, node, calls, limit, (reply) => {
      try {
        this.receive(node, calls, reply, sentAt);
      } catch (error) {
        ngx.log(ngx.ERR, `answer of node ${node.id}: ${String(error)}`);
      }
      this.underWay--;
      this.goOn();
    });
  }

  private receive(node: Node, calls: Call[], reply: Reply, sentAt: number): void {
    const now = Date.now();
    if (reply.batchRefused === true && calls.length > 1) {
      for (const call of calls) this.send(node, [call]);
      return;
    }
    let answered = false;
    calls.forEach((call, index) => {
      const verdict = reply.verdicts?.[index];
      if (verdict === undefined) this.fail(call, node, reply.failure ?? "garbage", now, reply.restMs);
      else if (this.settle(call, node, verdict, now, reply.restMs)) answered = true;
    });
    if (!answered) return;
    noteGood(this.network, now);
    if (this.network.nodes.length > 1) learnLatency(node, now - sentAt);
    if (node.ejectedUntil > 0) recover(node, now);
    countAnswer(this.network, node, now - sentAt, calls.length);
  }

  /** @returns whether the node has shown that it works */
  private settle(call: Call, node: Node, verdict: Verdict, now: number, restMs?: number): boolean {
    const isHash = verdict.kind === "result" && !verdict.isNull && verdict.member.length < longestHash;
    if (verdict.kind === "garbage" || (verdict.kind === "result" && !isHash)) {
      this.fail(call, node, "garbage", now);
      return false;
    }
    if (verdict.kind === "result") {
      if (call.member === undefined) call.finish(verdict.member, "ok", node);
      blameOthers(this.runtime, this.network, call, node, now);
      return true;
    }
    const { class: errorClass } = verdict.judgement;
    switch (errorClass) {
      case "alreadyKnown":
        if (call.member === undefined) finishKnown(call, verdict.member, node);
        blameOthers(this.runtime, this.network, call, node, now);
        return true;
      case "own":
      case "caller":
        if (!this.refusals.has(call)) this.refusals.set(call, { member: verdict.member, node });
        blameOthers(this.runtime, this.network, call, node, now);
        return true;
      case "rangeTooWide":
      case "missingData":
      case "unsupported":
        call.fallback = { member: verdict.member, node, outcome: "error", failure: errorClass };
        call.fail(node, errorClass);
        countFailure(this.network, node, errorClass);
        return true;
      default:
        failAsSaid(this.runtime, this.network, call, node, verdict, now, restMs);
        this.blame(call, now);
        return false;
    }
  }

  private fail(call: Call, node: Node, failure: Failure, now: number, restMs?: number): void {
    failNode(this.runtime, this.network, call, node, failure, now, restMs);
    this.blame(call, now);
  }

  /** Counts failures against nodes when another one has accepted or judged the call. */
  private blame(call: Call, now: number): void {
    const by = call.node ?? this.refusals.get(call)?.node;
    if (by !== undefined) blameOthers(this.runtime, this.network, call, by, now);
  }

  private goOn(): void {
    if (this.isOver) return;
    const open = this.open();
    const isDecided = open.every((call) => this.refusals.has(call));
    if (open.length === 0 || (isDecided && this.underWay === 0)) this.end();
    else if (this.underWay === 0) this.start();
    else if (isDecided)
      this.patience ??= setTimeout(() => {
        this.patience = undefined;
        this.end();
      }, patienceMs);
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    // njs throws for a timer that there is not, or no longer.
    if (this.patience !== undefined) clearTimeout(this.patience);
    for (const call of this.open()) {
      const refusal = this.refusals.get(call);
      if (refusal === undefined) conclude(call);
      else finishWithNode(call, refusal.member, "error", refusal.node);
    }
    this.done(this);
  }
}
