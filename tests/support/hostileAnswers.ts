import type { HostileAct } from "./hostileNode";
import type { Random } from "./random";

/** One hostile way to answer; `isUseless` when no client may be served with it. */
export interface HostileAnswer {
  name: string;
  isUseless: boolean;
  act: (random: Random) => HostileAct;
}

const json = "Content-Type: application/json";

function http(
  status: string,
  body: string | Buffer,
  { headers = [json], length = true }: { headers?: string[]; length?: boolean } = {},
): Buffer {
  const bytes = Buffer.from(body);
  const lines = [`HTTP/1.1 ${status}`, ...headers, ...(length ? [`Content-Length: ${bytes.length}`] : [])];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

const good = '{"jsonrpc":"2.0","id":1,"result":"0xbad"}';
const once = (name: string, isUseless: boolean, bytes: Buffer, end?: HostileAct["end"]): HostileAnswer => ({
  name,
  isUseless,
  act: () => ({ pieces: [bytes], end }),
});
/** Answers of status 200 whose body is the point. */
const body = (isUseless: boolean, text: string | Buffer): HostileAnswer =>
  once(`body ${text.toString("latin1").slice(0, 60)}`, isUseless, http("200 OK", text));
/** A right body under a hostile header: may be taken or not. */
const header = (...lines: string[]): HostileAnswer =>
  once(`header ${lines[0]!.slice(0, 40)}`, false, http("200 OK", good, { headers: [json, ...lines] }));
const wire = (text: string, end: HostileAct["end"] = "close"): HostileAnswer =>
  once(`bytes ${JSON.stringify(text.slice(-60))} ${end}`, true, Buffer.from(text, "latin1"), end);

const useless = [
  "",
  " \n",
  "<html><body>Bad gateway</body></html>",
  "null",
  "5",
  '"text"',
  "true",
  "{}",
  "[]",
  "[[]]",
  '{"jsonrpc":"2.0","id":1}',
  '{"jsonrpc":"2.0","id":1,"result":',
  '{"jsonrpc":"2.0","id":1,"result":}',
  '{"jsonrpc":"2.0","id":1,"result":"0xbad"',
  '{"jsonrpc":"2.0","id":1,"result":"0xbad"}}',
  '{"jsonrpc":"2.0","id":1,"result":1 2}',
  '{"jsonrpc":"2.0","id":1,"result":"0xbad","x":}',
  '{"jsonrpc":"2.0","id":2,"result":"0xbad"}',
  '{"jsonrpc":"2.0","id":"1","result":"0xbad"}',
  '{"jsonrpc":"2.0","id":null,"result":"0xbad"}',
  '{"jsonrpc":"2.0","id":{},"result":"0xbad"}',
  '{"jsonrpc":"2.0","result":"0xbad"}',
  '{"jsonrpc":"2.0","id":1,"error":null}',
  '{"jsonrpc":"2.0","id":1,"result":"\u0001"}',
  '{"jsonrpc":"2.0","id":1,"result":\u00a0"0xbad"}',
  '[{"jsonrpc":"2.0","id":1,"result":"0xbad"}',
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"rate limit"}}',
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal error"}}',
  "[".repeat(20_000),
  '{"a":'.repeat(20_000),
].map((text) => body(true, text));

const oddBodies = [
  body(false, `{"jsonrpc":"2.0","id":1,"result":${"[".repeat(5000)}${"]".repeat(5000)}}`),
  body(false, `{"jsonrpc":"2.0","id":1,"result":${"[".repeat(50_000)}${"]".repeat(50_000)}}`),
  body(false, `{"id":1,"result":${'{"a":'.repeat(30_000)}0${"}".repeat(30_000)},"jsonrpc":"2.0"}`),
  body(false, '{"id":1,"result":{"__proto__":{"x":1},"toString":5},"__proto__":[]}'),
  body(false, Buffer.from('{"jsonrpc":"2.0","id":1,"result":"\xff\xfe\xc0\x80"}', "latin1")),
  body(false, Buffer.from('{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"\xed\xa0\x80"}}', "latin1")),
  body(false, Buffer.from('\ufeff{"jsonrpc":"2.0","id":1,"result":"0xbad"}')),
  body(false, Buffer.from(good, "utf16le")),
  body(false, '{"jsonrpc":"2.0","id":1,"error":"a string"}'),
  body(false, '{"jsonrpc":"2.0","id":1,"error":[1,2]}'),
  body(false, '{"jsonrpc":"2.0","id":1,"error":7}'),
  body(false, '{"jsonrpc":"2.0","id":1,"error":true}'),
  body(false, '{"jsonrpc":"2.0","id":1,"error":{}}'),
  body(false, '{"jsonrpc":"2.0","id":1,"error":{"code":"3","message":{"a":1}}}'),
  body(false, '{"jsonrpc":"2.0","id":1,"error":{"code":1e999,"message":"execution reverted"}}'),
  body(false, '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":null,"data":"0x"}}'),
  body(false, '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"\\ud800\\u0000\\u2028</script>"}}'),
  body(false, `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"${"a".repeat(300_000)}"}}`),
  body(false, `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"${"x:y@".repeat(20_000)}"}}`),
  body(false, '{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":3,"message":"both"}}'),
  body(false, '[{"jsonrpc":"2.0","id":1,"result":1},{"id":1},{"id":-1},{"id":1e9},null,5,[],{"id":3}]'),
  body(false, `[${new Array(5000).fill('{"jsonrpc":"2.0","id":1,"result":1}').join(",")}]`),
];

const statuses = [
  ..."201 204 206 300 301 304 307 400 401 402 403 404 405 407 408 413 418 429 451".split(" "),
  ..."500 501 502 503 504 511 599 600 999 099 000".split(" "),
].map((status) =>
  once(
    `status ${status}`,
    !status.startsWith("2"),
    http(`${status} Status`, "<html>no</html>", {
      headers: ["Location: http://127.0.0.1:1/", "Retry-After: -9e99", "WWW-Authenticate: Basic"],
    }),
  ),
);

const chunked = `HTTP/1.1 200 OK\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`;
const wires = [
  "",
  "\0",
  "\r\n\r\n",
  "ICY 200 OK\r\n\r\n",
  "HTTP/9.9 200 OK\r\n\r\n",
  "HTTP/1.1 twohundred\r\n\r\n",
  "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
  "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}",
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
  `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n{}`,
  `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(20_000)}\r\n{}`,
  "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n\0\0",
  `${chunked}2\r\n{}\r\n`,
].flatMap((text) => [wire(text), wire(text, "reset")]);

const headers = [
  header("Set-Cookie: evil=1", "X-Evil: 1", "Server: evil", "Access-Control-Allow-Origin: evil"),
  header("X-Accel-Redirect: /metrics"),
  header("X-Accel-Redirect: /~sockets", "X-Accel-Limit-Rate: 1", "X-Accel-Buffering: no"),
  header("X-Accel-Charset: utf-16", "X-Accel-Expires: @99999999999"),
  header("Content-Encoding: gzip"),
  header("Transfer-Encoding: gzip, chunked"),
  header("Content-Length: 3"),
  header("Content-Type: text/html; charset=utf-7"),
  header("Retry-After: 99999999999999999999", "Date: never", "Last-Modified: Thu, 01 Jan 2099 00:00:00 GMT"),
  header("Connection: Content-Type, close", "Keep-Alive: timeout=0"),
  header("X-Evil\u0080: \u00ff", "ETag: W/", "Cache-Control: max-age=999999"),
  header(...Array.from({ length: 300 }, (_, i) => `X-Evil-${i}: ${i}`)),
];

/** Taken by nginx for HTTP/0.9, which has no header. */
const bare = once("no header", false, Buffer.from(good), "close");

const slow: HostileAnswer[] = [
  {
    name: "header in drops",
    isUseless: false,
    act: () => ({
      pieces: http("200 OK", good)
        .toString("latin1")
        .match(/.{1,20}/gs)!
        .map((s) => Buffer.from(s)),
      pauseMs: 5,
    }),
  },
  { name: "hangs", isUseless: true, act: () => ({ pieces: [] }) },
  {
    name: "drips without end",
    isUseless: true,
    act: () => ({
      pieces: [Buffer.from(chunked), ...new Array(20).fill(Buffer.from("1\r\n \r\n"))],
      pauseMs: 50,
    }),
  },
  {
    name: "half, then hangs",
    isUseless: true,
    act: () => ({ pieces: [http("200 OK", good).subarray(0, -9)] }),
  },
];

const big = [0.3, 0.9, 3, 6].map((megabytes) => {
  const text = `{"jsonrpc":"2.0","id":1,"result":"${"f".repeat(megabytes * 1024 * 1024)}"}`;
  return once(`${megabytes} MB`, false, http("200 OK", text));
});

/** Says the node's secrets in every place that a client's answer or a log could be made of. */
function echoes(secrets: string[]): HostileAnswer[] {
  const escaped = secrets.map((secret) =>
    [...secret].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  );
  const said = [...secrets, ...escaped, secrets.map((secret) => `http:\\/\\/h\\/${secret}`).join(" ")];
  const texts = said.flatMap((secret) => [
    `{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted ${secret}","data":"${secret}"}}`,
    `{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument","data":{"${secret}":["${secret}"]}}}`,
    `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"already known ${secret}"}}`,
    `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"missing trie node ${secret}"}}`,
    `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"not supported ${secret}"}}`,
    `{"jsonrpc":"2.0","id":1,"error":{"code":-32011,"message":"nobody knows ${secret}"}}`,
    `{"jsonrpc":"2.0","id":1,"error":"query returned more than ${secret}"}`,
    `{"jsonrpc":"2.0","${secret}":1,"error":{"code":-32005,"message":"${secret}"}}`,
    `oops ${secret}`,
  ]);
  return [
    ...texts.map((text) => body(false, text)),
    ...secrets.flatMap((secret) => [
      once(`echo status ${secret}`, true, http(`401 ${secret}`, secret)),
      header(`X-Evil: ${secret}`, `Set-Cookie: ${secret}`, `Location: http://h/${secret}`),
      wire(`HTTP/1.1 200 OK\r\n${secret}\r\n\r\n`),
      wire(`${secret}`),
    ]),
  ];
}

/** The hostile answers, in a list that picks the costly ones seldom. */
export function hostileAnswers(secrets: string[]): { common: HostileAnswer[]; costly: HostileAnswer[] } {
  return {
    common: [...useless, ...oddBodies, ...statuses, ...wires, bare, ...headers, ...echoes(secrets)],
    costly: [...slow, ...big],
  };
}

/** Bytes of a hostile answer with some of them changed. */
export function scrambled(act: HostileAct, random: Random): HostileAct {
  // nginx ends the client's request with a node's answer whose chunks are none.
  if (act.pieces.some((piece) => piece.includes("chunked"))) return act;
  const pieces = act.pieces.map((piece) => {
    const changed = Buffer.from(piece);
    for (let change = random.int(4); change >= 0 && changed.length > 0; change--) {
      changed[random.int(Math.min(changed.length, 400))] = random.int(256);
    }
    return changed;
  });
  return { ...act, pieces, end: "close" };
}
