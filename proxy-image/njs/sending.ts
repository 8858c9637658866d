import { Broadcast } from "./broadcast";
import { Call, type Outcome } from "./call";
import { isFromWithin, nothingHere } from "./inside";
import { rawElements } from "./jsonText";
import { sendMethod } from "./methods";
import { loadRuntime } from "./runtime";
import { refreshState } from "./state";
import type { Failure, Network, Runtime } from "./types";

/** What came of a call, as it travels between the two halves of this file. */
interface Sent {
  member: string;
  outcome: Outcome;
  node: string;
  /** After how long nodes take calls again, in ms; 0 when that was not what it failed for. */
  restMs: number;
  failures: [node: string, failure: Failure][];
}

/**
 * Hands transactions over to a request of our own, through the socket: it goes on when the client leaves, and it waits for the
 * slower nodes while the client's connection is free for the next call.
 * @param done called with the number of attempts; calls without a member were not handed over
 */
export function handOver(
  r: NginxHTTPRequest,
  runtime: Runtime,
  network: Network,
  calls: Call[],
  done: (attempts: number) => void,
): void {
  const body = `[${calls.map(({ paramsText }) => paramsText ?? "null").join(",")}]`;
  const { gateway_front: front, gateway_id: id = "" } = r.variables;
  const headers = { Host: "gateway", "X-Request-Id": id, traceparent: r.headersIn.traceparent ?? "" };
  const address = `http://unix:${front}:/~send/${network.name}`;
  ngx
    .fetch(address, { method: "POST", body, headers })
    .then(async (response) => {
      if (!response.ok) throw new Error(`status ${response.status}`);
      const { attempts, sent } = (await response.json()) as { attempts: number; sent: Sent[] };
      sent.forEach(({ member, outcome, node, restMs, failures }, index) => {
        const call = calls[index]!;
        call.restMs = restMs;
        call.finish(member, outcome, runtime.nodes.get(node));
        for (const [id, failure] of failures) {
          const failed = runtime.nodes.get(id);
          if (failed !== undefined) call.fail(failed, failure);
        }
      });
      return attempts;
    })
    .catch((error: unknown) => {
      ngx.log(ngx.WARN, `handing a transaction over: ${String(error)}`);
      return 0;
    })
    .then(done)
    .catch((error: unknown) => {
      // Nobody is there to take the answer.
      ngx.log(ngx.INFO, `answering for a transaction: ${String(error)}`);
    });
}

/** `js_content` of the request that sends the transactions. */
export function send(r: NginxHTTPRequest): void {
  const runtime = loadRuntime(r);
  const network = runtime.networks.get(r.uri.slice("/~send/".length));
  if (network === undefined || !isFromWithin(r)) {
    nothingHere(r);
    return;
  }
  refreshState(runtime, network);
  const calls = rawElements(r.requestText ?? "").map(
    (params) => new Call("1", sendMethod, params === "null" ? undefined : params),
  );
  new Broadcast(r, runtime, network, calls, ({ attempts }) => {
    const sent = calls.map(
      ({ member, outcome, node, restMs, failures }): Sent => ({
        member: member!,
        outcome,
        node: node?.id ?? "",
        restMs,
        failures: failures?.map(({ node: { id }, failure }) => [id, failure]) ?? [],
      }),
    );
    r.headersOut.Connection = "close";
    r.return(200, JSON.stringify({ attempts, sent }));
  }).start();
}
