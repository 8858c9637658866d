import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, it } from "mocha";
import { createRedactor, secretsOf } from "../../../functions/domain/redact";
import { type HostileAnswer, hostileAnswers, scrambled } from "../../support/hostileAnswers";
import { HostileNode } from "../../support/hostileNode";
import { each, MockNode } from "../../support/mockNode";
import { nextRequest, type WireRequest } from "../../support/mutations";
import { type Json, Nginx } from "../../support/nginx";
import { poolOf } from "../../support/pool";
import { Random, seedFor } from "../../support/random";
import { type RawAnswer, RawConnection } from "../../support/rawHttp";
import { isRpcAnswer, isRpcError } from "../../support/rpcShape";
import { Workers } from "../../support/workers";

const requests = Number(process.env.FUZZ_REQUESTS ?? 20_000);
const hostile = Number(process.env.FUZZ_ANSWERS ?? 5000);

const secrets = { path: "pathsecret7f3a91", query: "querysecret5be2c4", header: "headersecret64c7aa" };
const secretPath = `/v3/${secrets.path}?apikey=${secrets.query}`;
const secretHeaders = { "x-api-key": secrets.header };
const answerOfGood = "0x600d";

/** Runs `task` until it has been done `count` times, several at a time. */
async function repeat(
  count: number,
  lanes: number,
  task: (lane: number, turn: number) => Promise<void>,
): Promise<void> {
  let turn = 0;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      while (turn < count) await task(lane, turn++);
    }),
  );
}

describe("fuzz", function () {
  this.timeout(120_000);
  let nginx: Nginx | undefined;
  const ending: (() => unknown)[] = [];
  afterEach(async function () {
    nginx?.explain(this.currentTest);
    for (const end of ending.splice(0).reverse()) await end();
  });

  function assertNoSecret(text: string, where: string): void {
    for (const secret of Object.values(secrets)) {
      const at = text.indexOf(secret);
      assert.equal(at, -1, `leak in ${where}: …${text.slice(Math.max(0, at - 200), at + 100)}…`);
    }
  }

  /** What the proxy says of itself to operators must not hold a secret either. */
  async function assertLogsAreClean(proxy: Nginx): Promise<void> {
    for (const page of ["/metrics", "/stats"]) assertNoSecret((await proxy.control(page)).text, page);
    assertNoSecret(readFileSync(path.join(proxy.runDirectory, "access.log"), "utf8"), "the access log");
    // As the agent passes it on.
    const known = secretsOf({ url: `http://127.0.0.1${secretPath}`, headers: secretHeaders });
    assertNoSecret(createRedactor(known)(proxy.errorLog), "the error log");
  }

  it(`${requests} mutated requests: every one is answered well, and no worker takes harm`, async () => {
    const random = new Random(seedFor("mutated requests", 20_261));
    const node = await MockNode.start(each(() => ({ result: answerOfGood })));
    ending.push(() => node.close());
    nginx = await Nginx.start(
      poolOf([{ url: `${node.url.slice(0, -1)}${secretPath}`, headers: secretHeaders }]),
      {
        workers: 2,
      },
    );
    ending.push(() => nginx?.stop());
    const workers = new Workers(nginx);
    const statuses = new Map<string, number>();
    const connections = Array.from({ length: 24 }, () => new RawConnection(nginx!.port));
    ending.push(() => {
      for (const connection of connections) connection.close();
    });
    await repeat(requests, connections.length, async (lane, turn) => {
      if (turn === Math.floor(requests / 4)) workers.markWarm();
      node.received.length = 0;
      const request = nextRequest(random);
      const answer = await connections[lane]!.send(request.bytes, {
        deadlineMs: request.isFramed ? 10_000 : 50,
        hasBody: request.method !== "HEAD",
      });
      // What comes after a request of unknown length would belong to nobody.
      if (!request.isFramed) connections[lane]!.close();
      const what = typeof answer === "string" ? answer : String(answer.status);
      statuses.set(what, (statuses.get(what) ?? 0) + 1);
      checkAnswer(request, answer);
      if (typeof answer !== "string")
        assertNoSecret(answer.head + answer.body.toString("latin1"), "an answer");
    });
    process.stdout.write(
      `  ${JSON.stringify(Object.fromEntries([...statuses].sort()))}; ${workers.report()}\n`,
    );
    workers.assertUnharmed();
    await assertLogsAreClean(nginx);
  });

  it(`${hostile} hostile answers of nodes: clients get a good one, no secret, and no worker takes harm`, async () => {
    const random = new Random(seedFor("hostile answers", 70_429));
    const { common, costly } = hostileAnswers(Object.values(secrets));
    const used = new Map<string, (HostileAnswer | undefined)[]>();
    const act = (body: string) => {
      const answer = random.pick(random.chance(0.015) ? costly : common);
      const isScrambled = random.chance(0.2);
      const nonce = /nonce\d+/.exec(body)?.[0] ?? "";
      used.set(nonce, [...(used.get(nonce) ?? []), isScrambled ? undefined : answer]);
      return isScrambled ? scrambled(answer.act(random), random) : answer.act(random);
    };
    const nodes = await Promise.all([HostileNode.start(act), HostileNode.start(act)]);
    const leader = await MockNode.start(each(() => ({ result: answerOfGood })));
    ending.push(() => Promise.all([leader, ...nodes].map((node) => node.close())));
    nginx = await Nginx.start(
      poolOf(
        [
          ...nodes.map((node) => ({ url: node.url + secretPath, headers: secretHeaders })),
          { url: leader.url, isLeader: true },
        ],
        {
          // The good node lives in this process, which is busy at times.
          attemptTimeoutSeconds: 1.5,
          callTimeoutSeconds: 6,
          wholeAnswerBytes: 1024 * 1024,
          maxAnswerBytes: 4 * 1024 * 1024,
        },
      ),
      { workers: 2 },
    );
    ending.push(() => nginx?.stop());
    const proxy = nginx;
    const workers = new Workers(proxy);
    const answers = () => nodes[0]!.answers + nodes[1]!.answers;
    const outcomes = new Map<string, number>();
    await repeat(Number.POSITIVE_INFINITY, 24, async (_lane, turn) => {
      if (answers() >= hostile) throw new Finished();
      leader.received.length = 0;
      if (answers() > hostile / 4) workers.markWarm();
      const { body, nonce, ids, isWrite } = nextCall(random, turn);
      const answer = await proxy
        .post(body, { headers: { origin: "https://app.example" } })
        .catch((cause: unknown) => {
          const kinds = used.get(nonce)?.map((kind) => kind?.name);
          throw new Error(`${body}\ngot no answer after ${kinds}`, { cause });
        });
      const kinds = used.get(nonce) ?? [];
      const about = `${body}\nwas answered ${answer.status} ${answer.text.slice(0, 300)}\nafter ${kinds.map((kind) => kind?.name)}`;
      outcomes.set(String(answer.status), (outcomes.get(String(answer.status)) ?? 0) + 1);
      assert.ok(isRpcAnswer(answer.json), about);
      const elements = [answer.json].flat() as Json[];
      assert.deepEqual(
        elements.map(({ id }) => id as unknown),
        ids,
        about,
      );
      if (!isWrite) assert.equal(answer.status, 200, about);
      const onlyUseless = kinds.every((kind) => kind?.isUseless === true);
      if (onlyUseless && !isWrite)
        for (const { result } of elements) assert.equal(result, answerOfGood, about);
      const { server, "access-control-allow-origin": cors } = answer.headers;
      assert.deepEqual([server, cors], ["nginx", "*"], about);
      assertNoSecret(JSON.stringify(answer.headers) + unescaped(answer.text), about);
      assert.doesNotMatch(JSON.stringify(answer.headers), /evil|set-cookie/i, about);
    }).catch((error: unknown) => {
      if (!(error instanceof Finished)) throw error;
    });
    process.stdout.write(
      `  ${answers()} answers; ${JSON.stringify(Object.fromEntries(outcomes))}; ${workers.report()}\n`,
    );
    workers.assertUnharmed();
    await assertLogsAreClean(proxy);
  });
});

class Finished extends Error {}

/** What a client reads out of JSON, without parsing what may be too deep for that. */
function unescaped(json: string): string {
  return json
    .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll("\\/", "/");
}

/** A call that no other call is like, so that no cache answers it. */
function nextCall(
  random: Random,
  turn: number,
): { body: string; nonce: string; ids: unknown[]; isWrite: boolean } {
  const nonce = `nonce${turn}`;
  const element = (id: number, method: string) => ({ jsonrpc: "2.0", id, method, params: [nonce] });
  const methods = [
    "eth_call",
    "eth_call",
    "eth_getLogs",
    "eth_getBlockByHash",
    "eth_getTransactionReceipt",
    "zk_odd",
  ];
  if (random.chance(0.05)) {
    return {
      body: JSON.stringify(element(turn, "eth_sendRawTransaction")),
      nonce,
      ids: [turn],
      isWrite: true,
    };
  }
  if (random.chance(0.8)) {
    return { body: JSON.stringify(element(turn, random.pick(methods))), nonce, ids: [turn], isWrite: false };
  }
  const ids = Array.from({ length: 1 + random.int(12) }, (_, index) => turn * 100 + index);
  return {
    body: JSON.stringify(ids.map((id) => element(id, random.pick(methods)))),
    nonce,
    ids,
    isWrite: false,
  };
}

/** Statuses of HTTP so broken that nginx answers before anything of ours is asked. */
const ofNginx = new Set([400, 405, 408, 414, 431, 501, 505]);

/** Pages that have nothing to do with JSON-RPC; the first is the agent's. */
const forOperators = /^\/(health|ready|metrics)$/;

function checkAnswer(request: WireRequest, answer: RawAnswer | "closed" | "silence"): void {
  const about = `${JSON.stringify(request.bytes.toString("latin1").slice(0, 600))}\nwas answered `;
  if (typeof answer === "string") {
    assert.ok(!request.isFramed, about + answer);
    return;
  }
  const text = answer.body.toString("utf8");
  const shown = `${about}${answer.head}\n\n${text.slice(0, 300)}`;
  assert.ok(answer.status >= 200, shown);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (answer.status >= 400 && request.method !== "HEAD" && !forOperators.test(request.path)) {
    assert.ok(isRpcError(json) || (!request.isFramed && ofNginx.has(answer.status)), shown);
  }
  if (request.isFramed && request.method === "POST" && request.path === "/")
    checkPost(request, answer, json, shown);
}

/** A framed POST to the network: what JSON-RPC says about its body decides the answer. */
function checkPost(request: WireRequest, { status }: RawAnswer, json: unknown, shown: string): void {
  const text = request.body.toString("utf8");
  // Expectations, hosts and conditions that HTTP itself refuses, and bytes on whose reading parsers differ.
  if (status === 204 || !Buffer.from(text).equals(request.body) || text.includes("\ufeff")) return;
  if (isDeep(text)) return;
  assert.ok(isRpcAnswer(json), shown);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    assert.equal(status, 400, shown);
    return;
  }
  if (status !== 200) return;
  const idOf = (call: unknown) => {
    const { id } = (call ?? {}) as { id?: unknown };
    return id === undefined || ["string", "number"].includes(typeof id) ? id : null;
  };
  if (!Array.isArray(parsed)) assert.deepEqual((json as Json).id, idOf(parsed), shown);
}

const isDeep = (text: string) => /(\[\s*){200}|(\{"a":\s*){200}/.test(text);
