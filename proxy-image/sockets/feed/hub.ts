import type { Wish } from "../core/subscriptionParams";
import type { Metrics } from "../metrics";
import { emptyPool, networkOfPath, type Pool, type PoolNetwork } from "../pool";
import type { Road } from "../road/road";
import { NetworkFeed, type Subscriber } from "./networkFeed";

/** A subscription that runs; end it once. */
export interface Running {
  end(): void;
}

/** The feeds of all networks; each exists while somebody uses it. */
export class Hub {
  readonly #feeds = new Map<string, NetworkFeed>();
  #pool: Pool = emptyPool;

  constructor(
    readonly road: Pick<Road, "ask">,
    readonly metrics: Metrics,
  ) {}

  usePool(pool: Pool): void {
    this.#pool = pool;
    for (const [name, feed] of [...this.#feeds]) {
      if (pool.networks.some((network) => network.name === name)) feed.poolChanged();
      else feed.end();
    }
  }

  networkOf(path: string): PoolNetwork | undefined {
    return networkOfPath(this.#pool, path);
  }

  /**
   * Subscribes; `subscriber` is called for what happens after this has resolved, which is in the same turn of the event loop as
   * `onJoined`: so that the id is sent before the first notification.
   * @returns undefined when no node of the network answers in time, or `onJoined` says that nobody is there any more
   */
  async subscribe(
    network: PoolNetwork,
    wish: Wish,
    subscriber: Subscriber,
    timeoutMs: number,
    onJoined: () => boolean,
  ): Promise<Running | undefined> {
    const feed = this.#feedOf(network);
    const release = () => {
      feed.release(wish);
      if (feed.unused) this.#feeds.delete(network.name);
    };
    if (!(await feed.acquire(wish, timeoutMs)) || !onJoined()) {
      release();
      return undefined;
    }
    feed.join(wish, subscriber);
    return {
      end: () => {
        feed.leave(wish, subscriber);
        release();
      },
    };
  }

  #feedOf(network: PoolNetwork): NetworkFeed {
    const present = this.#feeds.get(network.name);
    if (present) return present;
    const { name } = network;
    const feed = new NetworkFeed({
      network,
      nodes: () => this.#pool.nodes.filter((node) => node.network === name),
      road: this.road,
      metrics: this.metrics,
    });
    this.#feeds.set(name, feed);
    return feed;
  }
}
