import { randomBytes } from "node:crypto";
import { WebSocket } from "ws";
import { textFrameHeader } from "../core/frames";
import { elementsOf } from "../core/rawJson";
import { ParamsError, readWish } from "../core/subscriptionParams";
import type { Hub } from "../feed/hub";
import type { Metrics } from "../metrics";
import type { Road } from "../road/road";
import { codes, errorAnswer, resultAnswer } from "./answers";
import { idOf, type LocalCall, readMessage, wantsAnswer } from "./clientMessage";
import type { ClientSocket } from "./clientSocket";
import { maxCallsPerSocket, type SocketLimits } from "./limits";

export interface GatewayOptions {
  road: Road;
  hub: Hub;
  metrics: Metrics;
  limits: SocketLimits;
  /** How long a first subscription waits for a node that answers. */
  subscribeTimeoutMs: number;
}

/** Notifications that have to wait for the answer to the batch that their subscription is part of. */
type Held = (() => void)[] & { answered?: boolean };
/** Takes the answer to a local call. */
type Answer = (text: string) => Held | undefined;

const jsonRpcStart = /^\s*[{[]/;
/** What nginx itself says of a request that it has not read. */
const nobodys = /^\{"jsonrpc":"2\.0","id":null,/;

/** What happens with the frames of clients. */
export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** A frame came. */
  receive(socket: ClientSocket, data: Buffer): void {
    socket.heard = true;
    if (socket.calls >= maxCallsPerSocket || socket.waiting) {
      socket.waiting ??= [];
      socket.waiting.push(data);
      return;
    }
    void this.#handle(socket, data);
  }

  /** The socket is gone: its subscriptions end, calls that only read are given up. */
  closed(socket: ClientSocket): void {
    for (const running of socket.subscriptions?.values() ?? []) running?.end();
    for (const abort of socket.aborts ?? []) abort.abort();
    socket.subscriptions = undefined;
    socket.aborts = undefined;
    socket.waiting = undefined;
  }

  async #handle(socket: ClientSocket, data: Buffer): Promise<void> {
    socket.calls++;
    // Not read any further while this much is under way: the client's own connection holds what comes next.
    if (socket.calls >= maxCallsPerSocket) socket.pause();
    try {
      await this.#answer(socket, data);
    } catch {
      // Not foreseen, but one frame must not take down the process with everybody's sockets.
      this.#send(socket, errorAnswer("null", codes.internal, "internal error"));
    } finally {
      socket.calls--;
      this.#goOn(socket);
    }
  }

  #goOn(socket: ClientSocket): void {
    while (socket.waiting && socket.calls < maxCallsPerSocket) {
      const next = socket.waiting.shift();
      if (socket.waiting.length === 0) socket.waiting = undefined;
      if (next) void this.#handle(socket, next);
    }
    if (socket.calls < maxCallsPerSocket && socket.isPaused) socket.resume();
  }

  async #answer(socket: ClientSocket, data: Buffer): Promise<void> {
    const text = data.toString();
    const message = readMessage(text);
    switch (message.kind) {
      case "garbage":
        this.#send(socket, errorAnswer("null", codes.parse, "parse error"));
        return;
      case "pass":
        this.#sendRaw(socket, await this.#pass(socket, data, text));
        return;
      case "local":
        await this.#local(socket, message.call, (answer) => {
          this.#send(socket, answer);
          return undefined;
        });
        return;
      case "mixed":
        await this.#mixed(socket, message.parts);
        return;
      default:
        message satisfies never;
    }
  }

  /** A batch with subscriptions in it: those are answered here, the rest travels as one batch; answers in the order of the questions. */
  async #mixed(socket: ClientSocket, parts: (LocalCall | string)[]): Promise<void> {
    const answers: (string | undefined)[] = parts.map(() => undefined);
    const passed = parts.flatMap((part, index) => (typeof part === "string" ? [{ part, index }] : []));
    if (passed.length > 0) {
      const batch = `[${passed.map(({ part }) => part).join(",")}]`;
      const answer = await this.#pass(socket, batch, batch);
      const answered = answer?.toString() ?? "[]";
      const list = Array.isArray(JSON.parse(answered)) ? elementsOf(answered) : undefined;
      for (const { part, index } of passed) {
        if (!wantsAnswer(part)) continue;
        answers[index] = list ? list.shift() : answered;
      }
    }
    // Notifications of the batch's subscriptions wait until the batch is answered.
    const held: Held = [];
    const local = parts.map(async (part, index) => {
      if (typeof part === "string") return;
      await this.#local(socket, part, (answer) => {
        answers[index] = answer;
        return held;
      });
    });
    await Promise.all(local);
    this.#send(socket, `[${answers.filter((one) => one !== undefined).join(",")}]`);
    for (const send of held) send();
    held.answered = true;
  }

  /** Sends a call along the road; undefined when it has no answer. */
  async #pass(socket: ClientSocket, body: Buffer | string, text: string): Promise<Buffer | undefined> {
    const { road, metrics } = this.#options;
    // Transactions go on when their sender goes away.
    const abort = text.includes("eth_send") ? undefined : new AbortController();
    if (abort) {
      socket.aborts ??= new Set();
      socket.aborts.add(abort);
    }
    try {
      const answer = await road.post(socket.path, body, socket.caller, abort?.signal);
      metrics.add("gateway_socket_calls_total", { outcome: answer.status < 500 ? "answered" : "failed" });
      if (answer.body.length === 0) return undefined;
      const start = answer.body.toString("latin1", 0, 64);
      const isRead = !(nobodys.test(start) && (answer.status === 413 || answer.status >= 500));
      if (jsonRpcStart.test(start) && isRead) return answer.body;
      return errorsFor(text, `the proxy answered with status ${answer.status}`);
    } catch {
      metrics.add("gateway_socket_calls_total", { outcome: "failed" });
      return errorsFor(text, "the call did not get through");
    } finally {
      if (abort) socket.aborts?.delete(abort);
    }
  }

  async #local(socket: ClientSocket, call: LocalCall, answer: Answer): Promise<void> {
    if (call.kind === "subscribe") {
      await this.#subscribe(socket, call, answer);
      return;
    }
    const [id] = call.params;
    if (typeof id !== "string") {
      answer(errorAnswer(call.id, codes.invalidParams, "the id of a subscription is missing"));
      return;
    }
    const running = socket.subscriptions?.get(id);
    if (running) {
      running.end();
      socket.subscriptions?.delete(id);
    }
    answer(resultAnswer(call.id, running !== undefined));
  }

  async #subscribe(socket: ClientSocket, call: LocalCall, answer: Answer): Promise<void> {
    const { hub, limits, subscribeTimeoutMs } = this.#options;
    const refuse = (code: number, message: string) => answer(errorAnswer(call.id, code, message));
    let wish: ReturnType<typeof readWish>;
    try {
      wish = readWish(call.params);
    } catch (error) {
      if (!(error instanceof ParamsError)) throw error;
      refuse(error.code, error.message);
      return;
    }
    socket.subscriptions ??= new Map();
    const { subscriptions } = socket;
    if (subscriptions.size >= limits.maxSubscriptionsPerSocket) {
      refuse(codes.limit, `at most ${limits.maxSubscriptionsPerSocket} subscriptions on a socket`);
      return;
    }
    const id = `0x${randomBytes(16).toString("hex")}`;
    // Taken now, so that many at once can't slip through while they wait.
    subscriptions.set(id, undefined);
    const refusal = await this.#admit(socket, call.id);
    const network = hub.networkOf(socket.path);
    if (refusal !== undefined || !network) {
      subscriptions.delete(id);
      answer(refusal ?? errorAnswer(call.id, codes.internal, "no such network"));
      return;
    }
    let held: Held | undefined;
    const subscriber = {
      id,
      deliver: (frames: Buffer) => {
        if (held && !held.answered) held.push(() => socket.sendFrames(frames));
        else socket.sendFrames(frames);
      },
      startOver: () => socket.closeFor("start over"),
    };
    const gone = () => socket.readyState !== WebSocket.OPEN;
    const running = await hub.subscribe(network, wish, subscriber, subscribeTimeoutMs, () => {
      if (gone()) return false;
      held = answer(resultAnswer(call.id, id));
      return true;
    });
    if (running) subscriptions.set(id, running);
    else {
      subscriptions.delete(id);
      if (!gone()) refuse(codes.internal, "no node of the network answers");
    }
  }

  /**
   * A subscription is a call like any other to keys and limits, which nginx knows: it is asked with a call that costs a node next to
   * nothing. Trouble of nodes is no refusal.
   * @returns the refusal
   */
  async #admit(socket: ClientSocket, id: string): Promise<string | undefined> {
    const body = `{"jsonrpc":"2.0","id":${id},"method":"eth_chainId","params":[]}`;
    try {
      const answer = await this.#options.road.post(socket.path, body, socket.caller);
      const text = answer.body.toString();
      const { error } = JSON.parse(text) as { error?: { code?: unknown } };
      const refused = (answer.status >= 400 && answer.status < 500) || error?.code === codes.limit;
      return refused ? text : undefined;
    } catch {
      return errorAnswer(id, codes.internal, "the call did not get through");
    }
  }

  #send(socket: ClientSocket, text: string): void {
    this.#sendRaw(socket, Buffer.from(text));
  }

  #sendRaw(socket: ClientSocket, body: Buffer | undefined): void {
    if (!body || body.length === 0) return;
    socket.sendFrames(Buffer.concat([textFrameHeader(body.length), body]));
  }
}

/** An error for each call in the frame that wants an answer. */
function errorsFor(text: string, message: string): Buffer | undefined {
  const isBatch = Array.isArray(JSON.parse(text));
  const calls = (isBatch ? elementsOf(text) : [text]).filter(wantsAnswer);
  if (calls.length === 0) return undefined;
  const errors = calls.map((call) => errorAnswer(idOf(call), codes.internal, message)).join(",");
  return Buffer.from(isBatch ? `[${errors}]` : errors);
}
