import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Stands before servers and, during an outage, lets connections hang as a lost network does. */
export class Outage {
  #isAway = false;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];

  private constructor(readonly environment: Record<string, string>) {}

  /** @param endpoints of the servers, by the variables that tell a process of them */
  static async before(endpoints: Record<string, string>): Promise<Outage> {
    const outage = new Outage({});
    for (const [variable, endpoint] of Object.entries(endpoints)) {
      const server = createServer((client) => outage.#pass(client, Number(new URL(endpoint).port)));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      outage.#servers.push(server);
      outage.environment[variable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }
    return outage;
  }

  async begin(): Promise<void> {
    this.#isAway = true;
    for (const socket of this.#sockets) socket.pause();
  }

  async end(): Promise<void> {
    this.#isAway = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    await this.end();
    for (const server of this.#servers) await new Promise((resolve) => server.close(resolve));
  }

  #pass(client: Socket, port: number): void {
    this.#keep(client);
    if (this.#isAway) return void client.pause();
    const upstream = connect(port, "127.0.0.1");
    this.#keep(upstream);
    client.pipe(upstream).pipe(client);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }
}
