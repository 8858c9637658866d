import { askNode, type Reply } from "./askNode";
import { blameOthers, failNode } from "./blame";
import type { Call } from "./call";
import { conclude } from "./conclude";
import { countAnswer, countCall } from "./counters";
import { pinToFilter } from "./filters";
import { isHeavy } from "./heavyMethods";
import { learnLatency } from "./latency";
import { askChecked, hasToBeChecked, lacksRange } from "./logsRange";
import { isBroadcast, isIdempotent } from "./methods";
import { isParticular, nextNode } from "./nextNode";
import { errorMember, internalError } from "./rpcError";
import { handOver } from "./sending";
import { settle } from "./settle";
import { isUsable, noteGood, recover } from "./state";
import type { Network, Node, Runtime } from "./types";

/** Batches are spread over nodes in shares of at least so many calls. */
const smallestShare = 10;
const mostShares = 4;

/** nginx's own limit of an attempt comes first, so that nothing is left under way when the node is silent. */
const graceMs = 50;

/** Asks nodes until every call of one client request has its answer. Callbacks, because promises cost a tenth of the CPU per call. */
export class Exchange {
  attempts = 0;
  /** An attempt was given up while its node may still be sending. */
  abandoned = false;
  private underWay = 0;
  /** Two nodes are asked at once: the first good answer counts. */
  private isRace = false;
  private isDone = false;
  readonly deadline: number;

  constructor(
    private readonly r: NginxHTTPRequest,
    readonly runtime: Runtime,
    readonly network: Network,
    readonly calls: Call[],
    readonly startedAt: number,
    private readonly done: (exchange: Exchange) => void,
  ) {
    const { callTimeoutMs, heavyTimeoutMs } = runtime.limits;
    const isLong = heavyTimeoutMs > callTimeoutMs && calls.some(({ method }) => isHeavy(method));
    this.deadline = startedAt + (isLong ? heavyTimeoutMs : callTimeoutMs);
  }

  start(): void {
    // Held until all is sent, so that an attempt that fails at once can't end the exchange.
    this.underWay++;
    const open = this.calls.filter((call) => {
      if (call.member === undefined) pinToFilter(this.network, call);
      return call.member === undefined;
    });
    const sends = open.filter(({ method }) => isBroadcast(method));
    this.handOver(sends);
    this.dispatch(sends.length === 0 ? open : open.filter((call) => !sends.includes(call)));
    this.release();
  }

  /** Transactions are sent by a request of their own; should that fail, they go the usual way. */
  private handOver(sends: Call[]): void {
    if (sends.length === 0) return;
    this.underWay++;
    handOver(this.r, this.runtime, this.network, sends, (attempts) => {
      this.attempts += attempts;
      this.dispatch(sends.filter((call) => call.member === undefined));
      this.release();
    });
  }

  /** Goes on from an attempt that was made for the only call already. */
  takeOver(node: Node, reply: Reply, sentAt: number): void {
    for (const call of this.calls) call.tried = [node];
    this.attempts++;
    this.underWay++;
    this.finishAttempt(node, this.calls, reply, sentAt);
  }

  /**
   * Asks a second node for the only call while the first is still to answer: `finishRace` has to be called with what comes of it.
   * @returns false when there is no second one
   */
  race(first: Node): boolean {
    const call = this.calls[0]!;
    const now = Date.now();
    call.tried = [first];
    const second = nextNode(this, call, now);
    if (second === undefined || second === this.network.leader || !isUsable(second, now)) return false;
    this.attempts++;
    this.underWay++;
    this.isRace = true;
    this.send(second, this.calls);
    return true;
  }

  finishRace(first: Node, reply: Reply, sentAt: number): void {
    this.finishAttempt(first, this.calls, reply, sentAt);
  }

  private release(): void {
    this.underWay--;
    if (this.isDone || (this.underWay > 0 && !(this.isRace && this.calls[0]!.member !== undefined))) return;
    this.isDone = true;
    if (this.underWay > 0) this.abandoned = true;
    for (const call of this.calls) {
      if (call.outcome !== "invalid") countCall(this.network, call);
    }
    this.done(this);
  }

  /** Sends each call to its next node, those for the same node together; calls without a next node are concluded. */
  private dispatch(calls: Call[]): void {
    if (calls.length === 0) return;
    const now = Date.now();
    if (calls.length === 1) {
      const call = calls[0]!;
      const node = nextNode(this, call, now);
      if (node === undefined) conclude(call);
      else this.send(node, calls);
      return;
    }
    const shares = Math.min(mostShares, this.network.nodes.length, Math.ceil(calls.length / smallestShare));
    const size = Math.ceil(calls.length / Math.max(1, shares));
    const used: Node[] = [];
    for (let start = 0; start < calls.length; start += size)
      this.dispatchShare(calls.slice(start, start + size), now, used);
  }

  /** @param used nodes that other shares of the batch go to */
  private dispatchShare(calls: Call[], now: number, used: Node[]): void {
    const groups = new Map<Node, Call[]>();
    let common: Node | undefined;
    for (const call of calls) {
      const isFree =
        common !== undefined &&
        call.pinned === undefined &&
        !call.tried?.includes(common) &&
        !isParticular(this.network, call);
      const node = isFree ? common : (this.unusedNode(call, used) ?? nextNode(this, call, now));
      if (node === undefined) {
        conclude(call);
        continue;
      }
      if (call.pinned === undefined && common === undefined) {
        common = node;
        used.push(node);
      }
      // What may be sent once only is not sent with what may have to be sent again.
      const isOnItsOwn = isHeavy(call.method) || hasToBeChecked(this.network, call, node);
      if (call.alone || !isIdempotent(call.method) || isOnItsOwn) {
        this.send(node, [call]);
        continue;
      }
      const group = groups.get(node);
      if (group === undefined) groups.set(node, [call]);
      else group.push(call);
    }
    for (const [node, group] of groups) this.send(node, group);
  }

  /** One that no other share goes to, for a call that any node in the rotation will do for. */
  private unusedNode(call: Call, used: Node[]): Node | undefined {
    if (used.length === 0 || call.tried !== undefined || call.pinned !== undefined) return undefined;
    if (isParticular(this.network, call)) return undefined;
    const left = this.network.rotation.filter((node) => !used.includes(node));
    return left[Math.floor(Math.random() * left.length)];
  }

  private send(node: Node, calls: Call[]): void {
    for (const call of calls) {
      if (call.tried === undefined) call.tried = [node];
      else call.tried.push(node);
    }
    this.attempts++;
    this.underWay++;
    const sentAt = Date.now();
    const limit = Math.min(this.attemptTimeoutMs(calls) + graceMs, Math.max(1, this.deadline - sentAt));
    const [call] = calls as [Call];
    if (calls.length > 1 || !hasToBeChecked(this.network, call, node)) {
      askNode(this.r, node, calls, limit, (reply) => this.finishAttempt(node, calls, reply, sentAt));
      return;
    }
    askChecked(this.r, this.network, node, call, limit, (reply) => {
      if (reply !== undefined) {
        this.finishAttempt(node, calls, reply, sentAt);
        return;
      }
      const member = lacksRange(this.network, call);
      call.fallback = { member, node, outcome: "error", failure: "behind" };
      call.fail(node, "behind");
      this.dispatch(calls);
      this.release();
    });
  }

  private attemptTimeoutMs(calls: Call[]): number {
    const { attemptTimeoutMs, heavyTimeoutMs } = this.runtime.limits;
    return isHeavy(calls[0]!.method) ? heavyTimeoutMs : attemptTimeoutMs;
  }

  private finishAttempt(node: Node, calls: Call[], reply: Reply, sentAt: number): void {
    if (reply.gaveUp === true) this.abandoned = true;
    try {
      this.receive(node, calls, reply, sentAt);
    } catch (error) {
      ngx.log(ngx.ERR, `answer of node ${node.id}: ${String(error)}`);
      for (const call of calls) {
        if (call.member === undefined) {
          call.finish(errorMember(internalError, "The proxy failed to handle this call."), "failed");
        }
      }
    }
    this.release();
  }

  private receive(node: Node, calls: Call[], reply: Reply, sentAt: number): void {
    const now = Date.now();
    if (this.isDone) {
      this.learnFromLoser(node, reply, sentAt, now);
      return;
    }
    let open: Call[] | undefined;
    let answered = false;
    for (let i = 0; i < calls.length; i++) {
      const call = calls[i]!;
      const verdict = reply.verdicts?.[i];
      if (verdict !== undefined && settle(this.runtime, this.network, call, node, verdict, now, reply.restMs))
        answered = true;
      else if (verdict === undefined)
        failNode(this.runtime, this.network, call, node, reply.failure ?? "garbage", now, reply.restMs);
      if (call.member !== undefined) continue;
      if (reply.batchRefused === true && !call.alone) {
        // Not the call but the batch was refused: the same node may answer it by itself.
        call.alone = true;
        call.tried!.pop();
      }
      if (open === undefined) open = [call];
      else open.push(call);
    }
    if (answered) {
      noteGood(this.network, now);
      if (this.network.nodes.length > 1) learnLatency(node, now - sentAt);
      if (node.ejectedUntil > 0) recover(node, now);
      countAnswer(this.network, node, now - sentAt, calls.length);
    }
    // While the other one of a race may still answer, nobody else is asked.
    if (open !== undefined && !(this.isRace && this.underWay > 1)) this.dispatch(open);
  }

  /** The other node of a race was faster, but what became of this one says something about it too. */
  private learnFromLoser(node: Node, reply: Reply, sentAt: number, now: number): void {
    const call = this.calls[0]!;
    if (reply.verdicts?.[0]?.kind === "result") learnLatency(node, now - sentAt);
    else if (reply.failure !== undefined)
      failNode(this.runtime, this.network, call, node, reply.failure, now, reply.restMs);
    if (call.node !== undefined) blameOthers(this.runtime, this.network, call, call.node, now);
  }
}
