import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { bloomOf } from "../../../proxy-image/sockets/core/bloom";
import type { Log } from "../../../proxy-image/sockets/core/logFilter";
import { block, genesis } from "./blocks";
import { type Call, CallError, StandIn } from "./harness";

export interface ScriptedBlock {
  number: string;
  hash: string;
  parentHash: string;
  timestamp: string;
  logsBloom: string;
  transactions: string[];
}

/** A node's WebSocket: tells of new heads and pending transactions, and can misbehave. */
export class ScriptedNode {
  /** Sockets that are open. */
  sockets = 0;
  /** Subscriptions that were made on the newest socket. */
  subscriptions = 0;
  /** Open, but tells nothing. */
  silent = false;
  readonly #subscribed = new Map<WebSocket, Map<string, string>>();
  #server: WebSocketServer | undefined;
  #port = 0;

  constructor(readonly id: string) {}

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/secret`;
  }

  async listen(): Promise<void> {
    this.#server = new WebSocketServer({ port: this.#port, host: "127.0.0.1" });
    await new Promise((resolve) => this.#server?.once("listening", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#server.on("connection", (socket) => this.#serve(socket));
  }

  die(): void {
    for (const socket of this.#subscribed.keys()) socket.terminate();
    this.#server?.close();
    this.#server = undefined;
  }

  revive(): void {
    void this.listen();
  }

  tell(kind: string, result: unknown): void {
    if (this.silent) return;
    for (const [socket, kinds] of this.#subscribed) {
      const subscription = kinds.get(kind);
      if (subscription === undefined) continue;
      socket.send(
        JSON.stringify({ jsonrpc: "2.0", method: "eth_subscription", params: { subscription, result } }),
      );
    }
  }

  /** Sends this text as it is, or as the result of a head when it is JSON of an object. */
  say(text: string): void {
    if (text.startsWith("{")) this.tell("newHeads", JSON.parse(text));
    else for (const socket of this.#subscribed.keys()) socket.send(text);
    if (text === JSON.stringify([1])) this.tell("newHeads", [1]);
  }

  #serve(socket: WebSocket): void {
    const kinds = new Map<string, string>();
    this.#subscribed.set(socket, kinds);
    this.subscriptions = 0;
    this.sockets++;
    socket.on("message", (data: Buffer) => {
      const { id, params, method } = JSON.parse(data.toString()) as Call;
      if (method === "eth_subscribe") {
        const subscription = `0x${++this.subscriptions}`;
        kinds.set(params.join(" "), subscription);
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: subscription }));
      }
    });
    socket.on("close", () => {
      this.sockets--;
      this.#subscribed.delete(socket);
    });
  }
}

/** A chain under the test's control, with nodes that tell of it over sockets and a proxy that answers calls about it. */
export class ScriptedChain {
  readonly #blocks = new Map<string, { block: ScriptedBlock; logs: Log[] }>();
  readonly #pending: { hash: string }[] = [];
  proxy!: StandIn;
  tip!: ScriptedBlock;
  /** This many questions for logs are answered with nothing, as by a node that does not have the block. */
  silentlyEmpty = 0;
  /** This many questions for logs fail. */
  failing = 0;
  /** No call is answered. */
  down = false;
  #salt = 0;

  private constructor(
    readonly nodes: ScriptedNode[],
    readonly name: string,
  ) {}

  /** @param name chains of different names have different blocks */
  static async start(count: number, name = "chain"): Promise<ScriptedChain> {
    const nodes = Array.from({ length: count }, (_, index) => new ScriptedNode(`n${index}`));
    await Promise.all(nodes.map((node) => node.listen()));
    const chain = new ScriptedChain(nodes, name);
    chain.#add({ ...genesis }, []);
    chain.proxy = await StandIn.start((call) => chain.#answer(call));
    return chain;
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.die();
    await this.proxy.stop();
  }

  /** A block with one log of each of these addresses; all nodes tell of it. */
  mine(logAddresses: string[] = []): ScriptedBlock {
    const parent = { ...genesis, hash: this.tip.hash, number: Number(this.tip.number) };
    const mined = this.#add(block(parent, `${this.name} ${++this.#salt}`), logAddresses);
    for (const node of this.nodes) node.tell("newHeads", mined);
    return mined;
  }

  /** Other blocks on top of an old one, each with logs of these addresses; nodes tell of them once they are all there. */
  reorganise(ancestor: ScriptedBlock, logAddresses: string[][]): ScriptedBlock[] {
    this.tip = ancestor;
    const fresh = logAddresses.map((addresses) => {
      const parent = { ...genesis, hash: this.tip.hash, number: Number(this.tip.number) };
      return this.#add(block(parent, `${this.name} ${++this.#salt}`), addresses);
    });
    for (const one of fresh) for (const node of this.nodes) node.tell("newHeads", one);
    return fresh;
  }

  addPending(hash: string): void {
    this.#pending.push({ hash });
    for (const node of this.nodes) {
      node.tell("newPendingTransactions", hash);
      node.tell("newPendingTransactions true", { hash });
    }
  }

  #add(header: { hash: string; parentHash: string; number: number }, logAddresses: string[]): ScriptedBlock {
    const logs = logAddresses.map(
      (address, index): Log => ({
        address,
        topics: [],
        blockHash: header.hash,
        logIndex: `0x${index.toString(16)}`,
        removed: false,
      }),
    );
    this.tip = {
      number: `0x${header.number.toString(16)}`,
      hash: header.hash,
      parentHash: header.parentHash,
      timestamp: `0x${(1_700_000_000 + header.number).toString(16)}`,
      logsBloom: `0x${bloomOf(logs).toString("hex")}`,
      transactions: [],
    };
    this.#blocks.set(header.hash, { block: this.tip, logs });
    return this.tip;
  }

  #answer({ method, params }: Call): unknown {
    if (this.down) throw new CallError(-32603, "no node answers");
    switch (method) {
      case "eth_chainId":
        return "0x7a69";
      case "eth_syncing":
        return false;
      case "eth_getBlockByHash":
        return this.#blocks.get(String(params[0]))?.block;
      case "eth_getBlockByNumber":
        return this.#byTag(String(params[0]), params[1] === true);
      case "eth_getLogs":
        return this.#logs(params[0] as { blockHash: string; address?: string[] });
      default:
        throw new CallError(-32601, method);
    }
  }

  #byTag(tag: string, full: boolean): unknown {
    if (tag === "latest") return this.tip;
    if (tag === "pending") {
      return { transactions: full ? this.#pending : this.#pending.map(({ hash }) => hash) };
    }
    let found: ScriptedBlock | undefined = this.tip;
    while (found && found.number !== tag) found = this.#blocks.get(found.parentHash)?.block;
    return found;
  }

  #logs({ blockHash, address }: { blockHash: string; address?: string[] }): Log[] {
    if (this.failing-- > 0) throw new CallError(-32000, "unknown block");
    if (this.silentlyEmpty-- > 0) return [];
    const { logs = [] } = this.#blocks.get(blockHash) ?? {};
    return logs.filter((log) => !address || address.includes(log.address));
  }
}
