import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { clientOf } from "../../functions/domain/clientOf";
import { addressed, notificationFrames } from "../../proxy-image/sockets/core/frames";
import { readHeader } from "../../proxy-image/sockets/core/header";
import { elementsOf, memberOf } from "../../proxy-image/sockets/core/rawJson";
import { type ParamsError, readWish } from "../../proxy-image/sockets/core/subscriptionParams";
import { networkOfPath } from "../../proxy-image/sockets/pool";
import { readPool } from "../../proxy-image/sockets/poolFile";
import { idOf, readMessage } from "../../proxy-image/sockets/server/clientMessage";

const address = `0x${"Ab".repeat(20)}`;
const topic = `0x${"Cd".repeat(32)}`;

describe("slices of JSON", () => {
  const spaced = fc.constantFrom(0, 1, "\t", "  ");

  it("are the elements and members as they are written", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), spaced, (values, space) => {
        const elements = elementsOf(JSON.stringify(values, null, space));
        assert.deepEqual(
          elements.map((element) => JSON.parse(element) as unknown),
          JSON.parse(JSON.stringify(values)),
        );
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), spaced, (object, space) => {
        const text = JSON.stringify(object, null, space);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        for (const name of Object.keys(parsed)) {
          if (name === "__proto__") continue;
          assert.deepEqual(JSON.parse(memberOf(text, name)!), parsed[name]);
        }
        assert.equal(memberOf(text, "not there, surely"), undefined);
      }),
    );
  });

  it("keep ids byte for byte: numbers beyond 2^53, fractions, escapes, repeated names", () => {
    for (const id of ["12345678901234567890", "1.50", "-0", "1e3", '"\\u0041"', "null", '"x"']) {
      assert.equal(idOf(`{"jsonrpc" : "2.0", "id" : ${id} , "method":"m"}`), id);
    }
    assert.equal(idOf('{"id":1,"id":2}'), "2");
    assert.equal(idOf('{"\\u0069d":7}'), "7");
    assert.equal(idOf('{"id":{"a":1}}'), "null");
  });
});

describe("frames of clients", () => {
  it("are garbage, calls for nginx, or the gateway's own", () => {
    assert.equal(readMessage("nonsense").kind, "garbage");
    assert.equal(readMessage("").kind, "garbage");
    assert.equal(readMessage('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}').kind, "pass");
    assert.equal(readMessage("[]").kind, "pass");
    assert.equal(readMessage("1").kind, "pass");
    // Not a valid request: nginx says why.
    assert.equal(readMessage('{"jsonrpc":"1.0","id":1,"method":"eth_subscribe"}').kind, "pass");
    assert.deepEqual(
      readMessage('{"jsonrpc":"2.0","id":1.0,"method":"eth_\\u0073ubscribe","params":["newHeads"]}'),
      {
        kind: "local",
        call: { kind: "subscribe", id: "1.0", params: ["newHeads"] },
      },
    );
    const pass = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}';
    assert.deepEqual(readMessage(`[${pass}, {"jsonrpc":"2.0","id":"u","method":"eth_unsubscribe"}]`), {
      kind: "mixed",
      parts: [pass, { kind: "unsubscribe", id: '"u"', params: [] }],
    });
  });
});

describe("params of eth_subscribe", () => {
  const logs = (filter: unknown) => readWish(["logs", filter]).key;

  it("are the same wish however they are written", () => {
    const lower = address.toLowerCase();
    assert.equal(logs({ address }), logs({ address: [lower, address] }));
    assert.equal(logs({}), logs(undefined));
    assert.equal(logs({ address: [], topics: null }), logs({ address: null }));
    assert.equal(logs({ topics: [topic] }), logs({ topics: [[topic.toLowerCase()]] }));
    assert.equal(logs({ topics: [null, topic] }), logs({ topics: [[], [topic]] }));
    assert.equal(logs({ topics: [[topic, null]] }), logs({ topics: [null] }));
    assert.equal(readWish(["newPendingTransactions"]).key, readWish(["newPendingTransactions", false]).key);
  });

  it("are different wishes where the answers differ", () => {
    // A trailing null asks for logs with at least that many topics.
    assert.notEqual(logs({ topics: [topic, null] }), logs({ topics: [topic] }));
    assert.notEqual(logs({ address }), logs({}));
    assert.notEqual(readWish(["newPendingTransactions", true]).key, readWish(["newPendingTransactions"]).key);
  });

  it("are refused where geth refuses them", () => {
    const code = (params: unknown[]) => {
      try {
        readWish(params);
      } catch (error) {
        return (error as ParamsError).code;
      }
      return 0;
    };
    assert.equal(code([]), -32602);
    assert.equal(code(["nonsense"]), -32601);
    assert.equal(code(["logs", { address: "0x12" }]), -32602);
    assert.equal(code(["logs", { topics: [topic, topic, topic, topic, topic] }]), -32602);
    assert.equal(code(["logs", { topics: ["0x"] }]), -32602);
    assert.equal(code(["logs", []]), -32602);
    assert.equal(code(["logs", { blockHash: topic }]), -32602);
    assert.equal(code(["newPendingTransactions", {}]), -32602);
  });
});

describe("notification frames", () => {
  it("carry each subscriber's id in one serialisation of any length", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(1, 20, 60, 200, 70_000), { minLength: 1, maxLength: 4 }),
        (lengths) => {
          const frames = notificationFrames(lengths.map((length) => JSON.stringify("x".repeat(length))));
          const id = `0x${"1f".repeat(16)}`;
          let bytes = addressed(frames, id);
          for (const length of lengths) {
            const short = bytes[1]!;
            const [size, start] =
              short < 126
                ? [short, 2]
                : short === 126
                  ? [bytes.readUInt16BE(2), 4]
                  : [Number(bytes.readBigUInt64BE(2)), 10];
            assert.deepEqual(JSON.parse(bytes.subarray(start, start + size).toString()), {
              jsonrpc: "2.0",
              method: "eth_subscription",
              params: { subscription: id, result: "x".repeat(length) },
            });
            bytes = bytes.subarray(start + size);
          }
          assert.equal(bytes.length, 0);
        },
      ),
    );
  });
});

describe("headers", () => {
  it("have one shape whether they come as a block or as a head", () => {
    const head = { number: "0x5", hash: topic, parentHash: topic, timestamp: "0x10", extraData: "0x" };
    const whole = {
      ...head,
      transactions: ["0x1"],
      uncles: [],
      size: "0x1",
      withdrawals: [],
      totalDifficulty: "0x0",
    };
    assert.deepEqual(readHeader(whole), readHeader(head));
    assert.equal(readHeader(head)?.json, JSON.stringify(head));
  });

  it("are refused when they are none", () => {
    for (const value of [null, 1, [], {}, { hash: topic }, { hash: topic, parentHash: topic, number: 5 }]) {
      assert.equal(readHeader(value), undefined);
    }
  });
});

describe("clients and paths", () => {
  it("counts an IPv6 network of 64 bits as one client", () => {
    assert.equal(clientOf("2001:db8::1"), clientOf("2001:0db8:0:0:ffff::9"));
    assert.notEqual(clientOf("2001:db8::1"), clientOf("2001:db8:0:1::1"));
    assert.equal(clientOf("10.1.2.3"), "10.1.2.3");
    assert.equal(clientOf("::ffff:10.1.2.3"), "10.1.2.3");
  });

  it("finds the network of a path by name, chain id, or default, with a key behind or not", () => {
    const pool = readPool({
      defaultNetwork: "mainnet",
      networks: [
        { name: "mainnet", chainId: 1, nodes: [{ id: "n1", socket: { url: "ws://a/x" } }, { id: "n2" }] },
        { name: "base", chainId: 8453, nodes: [], leader: { id: "n3" } },
        { name: 5 },
      ],
    });
    assert.equal(networkOfPath(pool, "/")?.name, "mainnet");
    assert.equal(networkOfPath(pool, "/?x=1")?.name, "mainnet");
    assert.equal(networkOfPath(pool, "/base/key")?.name, "base");
    assert.equal(networkOfPath(pool, "/8453")?.name, "base");
    assert.equal(networkOfPath(pool, "/other"), undefined);
    assert.deepEqual(
      pool.nodes.map(({ id, wsUrl }) => [id, wsUrl]),
      [
        ["n1", "ws://a/x"],
        ["n2", undefined],
        ["n3", undefined],
      ],
    );
    assert.deepEqual(readPool("nonsense"), { networks: [], nodes: [], requiresKey: false });
    assert.equal(readPool({ networks: [], admission: { requiresKey: true } }).requiresKey, true);
  });
});
