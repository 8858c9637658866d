import type { AnvilChain } from "./anvil";
import type { FaultyNode } from "./faultyNode";
import type { Gateway } from "./gateway";
import { descendants } from "./processes";
import type { Random } from "./random";

/** Something bad that was done, and how it is undone. */
interface Misfortune {
  name: string;
  undo: () => unknown;
}

export interface ChaosScene {
  chain: AnvilChain;
  /** Of these, the first is never touched: one node of the network is healthy throughout. */
  nodes: FaultyNode[];
  gateway: Gateway;
  random: Random;
}

function processesOf(gateway: Gateway, named: string) {
  return descendants(gateway.pid).filter((one) => one.command.includes(named));
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

/** Does bad things, one after the other, some at the same time. Counts them. */
export class Chaos {
  readonly counts: Record<string, number> = {};
  /** When nginx was killed, a worker or the master. */
  readonly killsOfNginx: number[] = [];
  #going: (Misfortune & { untilMs: number; node: FaultyNode })[] = [];
  #lastKill = 0;
  readonly #log: { atMs: number; name: string }[] = [];
  #weight = 0;

  constructor(private readonly scene: ChaosScene) {}

  async run(durationMs: number, { calmEveryMs = 400 } = {}): Promise<void> {
    const end = Date.now() + durationMs;
    const { random } = this.scene;
    while (Date.now() < end) {
      await this.#undoWhatIsOver();
      const name = await this.#doSomething(end);
      if (name !== undefined) {
        this.counts[name] = (this.counts[name] ?? 0) + 1;
        this.#log.push({ atMs: Date.now(), name });
      }
      await new Promise((resolve) => setTimeout(resolve, calmEveryMs * (0.5 + random.next())));
    }
    await this.#undoWhatIsOver(true);
  }

  /** What was done in the seconds before, for the message of a failure. */
  before(atMs: number): string {
    const recent = this.#log.filter((one) => one.atMs > atMs - 8000 && one.atMs <= atMs + 50);
    return recent.map((one) => `${one.name} ${atMs - one.atMs} ms before`).join(", ");
  }

  async #undoWhatIsOver(all = false): Promise<void> {
    const over = this.#going.filter(({ untilMs }) => all || untilMs <= Date.now());
    this.#going = this.#going.filter((one) => !over.includes(one));
    for (const { undo } of over) await undo();
  }

  async #doSomething(end: number): Promise<string | undefined> {
    const { random } = this.scene;
    const kind = random.next();
    // One that dies again within 10 s is taken for hopeless, and started again ever later.
    const mayKill = Date.now() - this.#lastKill > 12_000 && Date.now() < end - 3000;
    if (kind < 0.12 && mayKill) return this.#killNginx();
    if (kind < 0.24) return this.#release();
    const victims = this.scene.nodes.slice(1).filter((node) => !this.#going.some((one) => one.node === node));
    if (victims.length === 0) return undefined;
    const node = random.pick(victims);
    const { name, undo } = await this.#strike(node);
    this.#going.push({ name, undo, node, untilMs: Date.now() + 500 + random.int(2500) });
    return name;
  }

  async #strike(node: FaultyNode): Promise<Misfortune> {
    const { chain, nodes, random } = this.scene;
    const replica = chain.nodes[nodes.indexOf(node)]!;
    const calm = () => {
      node.fault = { kind: "none" };
    };
    const answer = (status: number, body: string) => ({
      kind: "answer" as const,
      status,
      contentType: "application/json",
      body,
    });
    const error = (code: number, message: string) =>
      answer(200, JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code, message } }));
    switch (random.int(10)) {
      case 0:
        await node.down();
        return { name: "node down", undo: () => node.up() };
      case 1:
        await replica.kill();
        return { name: "anvil killed", undo: () => chain.restart(replica) };
      case 2:
        replica.pause();
        return { name: "anvil hung", undo: () => replica.resume() };
      case 3:
        node.fault = { kind: "hang" };
        return { name: "node hangs", undo: calm };
      case 4:
        node.fault = { kind: "lag", blocks: 1 + random.int(30) };
        return { name: "node lags", undo: calm };
      case 5: {
        await chain.setLag(replica, 1 + random.int(10));
        return { name: "anvil lags", undo: () => chain.setLag(replica, 0) };
      }
      case 6:
        node.fault = answer(random.pick([429, 500, 502, 503, 403]), "{}");
        return { name: "HTTP errors", undo: calm };
      case 7:
        node.fault = random.pick([
          error(-32005, "rate limit exceeded"),
          error(-32603, "internal error"),
          error(-32000, "header not found"),
          answer(200, '{"jsonrpc":"2.0","id":1,"res'),
        ]);
        return { name: "RPC errors", undo: calm };
      case 8:
        node.fault = { kind: "wrongChain", chainId: 5 };
        return { name: "wrong chain", undo: calm };
      default:
        node.fault = { kind: "reset" };
        return { name: "resets", undo: calm };
    }
  }

  /** A weight that no node had makes a release, which every proxy takes up with a reload. */
  async #release(): Promise<string | undefined> {
    const { gateway, nodes } = this.scene;
    const node = await gateway.node(nodes[0]!.url).catch(() => undefined);
    if (node === undefined) return undefined;
    this.#weight = (this.#weight + 1) % 50;
    await fetch(`${gateway.adminUrl}/backends/${node.id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ weight: 75 + this.#weight }),
    });
    return "release";
  }

  #killNginx(): string | undefined {
    const { gateway, random } = this.scene;
    const worker = processesOf(gateway, "nginx: worker process")[0];
    const [name, pid] = random.pick([
      ["nginx worker killed", worker?.pid],
      ["nginx killed", worker?.parentPid],
    ] as const);
    if (pid === undefined) return undefined;
    this.#lastKill = Date.now();
    this.killsOfNginx.push(this.#lastKill);
    kill(pid);
    return name;
  }
}
