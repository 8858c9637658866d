import { hex } from "./chainNode";
import type { Behaviour, MockNode, RpcCall } from "./mockNode";
import type { Nginx } from "./nginx";
import { until } from "./poll";
import { request } from "./scene";

/** What tests of the cache share: a chain whose answers differ each time unless they are kept. */
export const settings = { cacheMegabytes: 8 };
export const head = 1000;
export const finalHeight = head - 64;
export const account = `0x${"ab".repeat(20)}`;
export const hash = (byte: string): string => `0x${byte.repeat(32)}`;

/** A node of a chain with a head; `answers` are results by method, the rest is a number that rises with each call. */
export function chainNode(
  state: { head: number },
  answers: Record<string, (call: RpcCall) => unknown> = {},
): Behaviour {
  let calls = 0;
  const answer = (call: RpcCall): object => {
    const { id, method, params } = call;
    const known = answers[method];
    const [first] = params as unknown[];
    const result =
      known !== undefined
        ? known(call)
        : method === "eth_blockNumber"
          ? hex(state.head)
          : method === "eth_getBlockByNumber" && first === "latest"
            ? block(state.head)
            : hex(++calls);
    return { jsonrpc: "2.0", id, result };
  };
  return ({ json }) => (Array.isArray(json) ? json.map(answer) : answer(json));
}

const block = (height: number, fork = "a") => ({
  number: hex(height),
  hash: hash(`${fork}${(height % 16).toString(16)}`),
  parentHash: hash(`${fork}${((height - 1) % 16).toString(16)}`),
});

/** Calls of a method that reached the node. */
export function asked(node: MockNode, method: string): number {
  return node.received
    .flatMap(({ json }) => (Array.isArray(json) ? json : [json]))
    .filter((call) => call.method === method).length;
}

/** Until the proxy knows the head, nothing that depends on it is kept. */
export async function learnHead(nginx: Nginx, nodes: MockNode[]): Promise<void> {
  await until(
    async () => {
      await nginx.post(request("eth_blockNumber"));
      await nginx.post(request("eth_getBalance", [account, "0x1"]));
      const balances = asked(nodes[0]!, "eth_getBalance");
      await nginx.post(request("eth_getBalance", [account, "0x1"]));
      return asked(nodes[0]!, "eth_getBalance") === balances;
    },
    { what: "the head is known, and with it what is final" },
  );
}

export const post = (nginx: Nginx, method: string, params: unknown[]) => nginx.post(request(method, params));
