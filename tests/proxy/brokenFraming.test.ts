import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Behaviour, ok } from "../support/mockNode";
import { request, scene } from "../support/scene";

/** Writes these bytes past the server. */
const wire =
  (bytes: string): Behaviour =>
  (_received, _response, socket) => {
    socket.end(bytes);
    return undefined;
  };

const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("answers whose chunks are none", () => {
  for (const method of ["eth_getBalance", "eth_getLogs", "eth_call"]) {
    for (const chunk of ["zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffff\r\n{}", "-1\r\n{}\r\n0\r\n\r\n"]) {
      it(`cost one client its connection at most: the node is ejected (${method}, ${JSON.stringify(chunk.slice(0, 4))})`, () =>
        scene(
          [wire(head + chunk), ok("0x2")],
          async ({ nginx, nodes }) => {
            let lost = 0;
            for (let i = 0; i < 24; i++) {
              const answer = await nginx.post(request(method, [i])).catch(() => undefined);
              if (answer === undefined) lost++;
              else assert.equal(answer.json.result, "0x2");
            }
            assert.ok(lost <= 1 && nodes[0]!.calls <= 1, `${lost} lost, ${nodes[0]!.calls} calls`);
          },
          { settings: { halfOpenAfterSeconds: 30 } },
        ));
    }
  }
});
