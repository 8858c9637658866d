import { askNode, type Reply } from "./askNode";
import { ejectNode } from "./blame";
import { Call } from "./call";
import { countFailure } from "./counters";
import { type BlockFacts, blockFactsOf, continues, lastBlock, rememberBlock, type SeenBlock } from "./forks";
import { headMethod, heightIn } from "./heads";
import { isFromWithin, nothingHere } from "./inside";
import { blockMethod } from "./needs";
import { charge, waitOf } from "./nodeLimits";
import { loadRuntime } from "./runtime";
import { sharedState } from "./sharedState";
import { claimPoll, endPoll, lastTraffic, refreshState } from "./state";
import type { Network, Node, Runtime } from "./types";

/** Heads are polled only while clients call: so long after a node's last answer to one. */
const trafficMs = 2000;
/** Ticks are not exact. */
const toleranceMs = 50;
/** So many nodes are asked at once. */
const mostAtOnce = 16;
/**
 * So many nodes take turns at showing their block. Each node's location for large answers has contexts of its own, which stay once they
 * were needed: a megabyte a node.
 */
const mostWitnesses = 4;

const path = "/~poll/";

/** Addresses of the rounds that are due, for `tick` to ask for. */
export function duePolls(runtime: Runtime, now: number): string[] {
  const { headPollMs } = runtime.limits;
  if (headPollMs === 0) return [];
  const known = sharedState();
  const due: string[] = [];
  for (const network of runtime.all) {
    if (network.nodes.length === 0 || now - lastTraffic(network) > trafficMs) continue;
    network.heads.settle(now);
    const roundAt = known.get(`round|${network.name}`) ?? 0;
    if (now - roundAt >= headPollMs - toleranceMs) {
      known.set(`round|${network.name}`, now);
      due.push(`${path}${network.name}`);
    } else if (network.heads.wantsPoll(Math.max(roundAt, known.get(`extra|${network.name}`) ?? 0))) {
      known.set(`extra|${network.name}`, now);
      due.push(`${path}${network.name}/behind`);
    }
  }
  return due;
}

/** `js_content` of a round: every node in use says how high it is, and one of a few which blocks it has. */
export function poll(r: NginxHTTPRequest): void {
  const runtime = loadRuntime(r);
  const [name = "", which] = r.uri.slice(path.length).split("/");
  const network = runtime.networks.get(name);
  if (network === undefined || !isFromWithin(r)) {
    nothingHere(r);
    return;
  }
  refreshState(runtime, network);
  // At once: nginx kills a periodic handler that is still waiting when its next turn comes.
  r.headersOut.Connection = "close";
  r.return(200, "{}");
  new Round(r, runtime, network, which === "behind").start();
}

class Round {
  private readonly waiting: Node[];
  private readonly witness: Node | undefined;
  /** Those whose word does not fit the head. */
  private readonly farAhead: Node[] = [];
  private hasAnswer = false;
  private underWay = 0;

  constructor(
    private readonly r: NginxHTTPRequest,
    private readonly runtime: Runtime,
    private readonly network: Network,
    onlyBehind: boolean,
  ) {
    const { nodes, leader, head, rotation } = network;
    const now = Date.now();
    const all = leader === undefined ? nodes : [...nodes, leader];
    this.waiting = all.filter(
      (node) =>
        node.ejectedUntil === 0 &&
        !(onlyBehind && node.height > head) &&
        waitOf(node, now) === 0 &&
        claimPoll(node, now),
    );
    if (onlyBehind) return;
    network.heads.pace.measure(now);
    const round = sharedState().incr(`rounds|${network.name}`, 1, 0);
    const witness = rotation[round % Math.max(1, Math.min(mostWitnesses, rotation.length))];
    this.witness = witness !== undefined && this.waiting.includes(witness) ? witness : undefined;
  }

  start(): void {
    while (this.underWay < mostAtOnce) {
      const node = this.waiting.pop();
      if (node === undefined) break;
      this.underWay++;
      if (node === this.witness)
        this.askBlock(node, "latest", (reply, block) => this.look(node, reply, block));
      else this.ask(node, headMethod, "[]", (reply) => this.hear(node, reply));
    }
    if (this.underWay === 0) this.end();
  }

  private ask(node: Node, method: string, params: string, done: (reply: Reply) => void): void {
    const { attemptTimeoutMs } = this.runtime.limits;
    charge(node, Date.now(), 1);
    askNode(this.r, node, [new Call("1", method, params)], attemptTimeoutMs, done);
  }

  private askBlock(node: Node, tag: string, done: (reply: Reply, block?: BlockFacts) => void): void {
    this.ask(node, blockMethod, `["${tag}",false]`, (reply) => {
      const verdict = reply.verdicts?.[0];
      done(reply, verdict?.kind === "result" ? blockFactsOf(verdict.member) : undefined);
    });
  }

  private hear(node: Node, reply: Reply): void {
    const verdict = reply.verdicts?.[0];
    const height =
      verdict?.kind === "result" ? heightIn(verdict.member.slice('"result":'.length)) : undefined;
    this.finish(node, reply, height);
  }

  private finish(node: Node, reply: Reply, height: number | undefined): void {
    const now = Date.now();
    endPoll(node);
    this.underWay--;
    if (height === undefined) this.fail(node, reply, now);
    else this.see(node, height, now);
    this.start();
  }

  private see(node: Node, height: number, now: number): void {
    const { heads, leader } = this.network;
    this.hasAnswer = true;
    // The leader takes no calls: what it alone has must not become the head.
    if (node === leader) heads.note(node, height);
    else if (heads.see(node, height, now) === undefined) this.farAhead.push(node);
  }

  /** No caller can have brought that about. */
  private fail(node: Node, { failure, verdicts, restMs }: Reply, now: number): void {
    const verdict = verdicts?.[0];
    // A height that is none counts when a client asks for it.
    if (verdict?.kind === "result") return;
    const said = verdict?.kind === "error" ? verdict.judgement.class : (failure ?? "garbage");
    if (!counts.has(said)) return;
    countFailure(this.network, node, failure ?? "garbage");
    ejectNode(this.runtime, this.network, node, now, restMs ?? 0);
  }

  /** A node has shown its newest block: is it on the chain that was seen before? */
  private look(node: Node, reply: Reply, block: BlockFacts | undefined): void {
    if (block === undefined) {
      // A node that can't show it may still know how high it is.
      if (reply.failure !== undefined) this.finish(node, reply, undefined);
      else this.ask(node, headMethod, "[]", (second) => this.hear(node, second));
      return;
    }
    const last = lastBlock(this.network);
    const goOn = (): void => {
      if (last === undefined || block.height > last.height) rememberBlock(this.network, block);
      this.finish(node, reply, block.height);
    };
    const isSame = last === undefined || continues(last, block);
    if (isSame === true || last === undefined) goOn();
    else if (isSame === false) this.confirm(node, last, block, reply);
    else {
      this.askBlock(node, hex(last.height), (_reply, before) => {
        if (before === undefined || before.hash === last.hash) goOn();
        else this.confirm(node, last, block, reply);
      });
    }
  }

  /** One node that leaves the chain is on another; when a second one has left it too, the chain was reorganised. */
  private confirm(node: Node, last: SeenBlock, block: BlockFacts, reply: Reply): void {
    const decide = (hasLeft: boolean): void => {
      if (hasLeft) {
        this.network.heads.noteFork();
        rememberBlock(this.network, block);
      }
      this.finish(node, reply, block.height);
    };
    const second = this.network.rotation.find((one) => one !== node);
    if (second === undefined) decide(true);
    else this.askBlock(second, hex(last.height), (_reply, its) => decide(its?.hash !== last.hash));
  }

  private end(): void {
    const { farAhead, network } = this;
    if (farAhead.length === 0) return;
    const now = Date.now();
    if (network.heads.isUnknown()) {
      network.heads.believe(farAhead, now);
      return;
    }
    for (const node of farAhead) {
      if (!this.hasAnswer || farAhead.length === network.nodes.length || !network.heads.isFarAhead(node, now))
        continue;
      countFailure(network, node, "farAhead");
      ejectNode(this.runtime, network, node, now, 0);
    }
  }
}

const hex = (height: number): string => `0x${height.toString(16)}`;

const counts = new Set<string>([
  "unreachable",
  "reset",
  "timeout",
  "http",
  "garbage",
  "outOfCredit",
  "limited",
  "refused",
  "trouble",
]);
