import type { Random } from "./random";

/** A request as it goes over the wire. */
export interface WireRequest {
  method: string;
  path: string;
  headers: [string, string][];
  body: Buffer;
  /** Whether it is HTTP that has to be answered: its parts may be odd, but its length is as announced. */
  isFramed: boolean;
  bytes: Buffer;
}

const call = (id: string, method: string, params: string) =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;

const singles = [
  call("1", "eth_call", '[{"to":"0x00000000000000000000000000000000000000a1","data":"0x70a08231"},"latest"]'),
  call('"x\\u00e9"', "eth_getBalance", '["0x00000000000000000000000000000000000000a1","0x10"]'),
  call(
    "12345678901234567890",
    "eth_getLogs",
    '[{"fromBlock":"0x1","toBlock":"latest","topics":[null,["0x"]]}]',
  ),
  call("-1.5e3", "eth_getBlockByNumber", '["finalized",true]'),
  call("null", "eth_blockNumber", "[]"),
  call("7", "eth_chainId", "[]"),
  call("8", "eth_sendRawTransaction", '["0x02f870"]'),
  call('""', "debug_traceTransaction", '["0x",{"tracer":"callTracer"}]'),
  '{"jsonrpc":"2.0","method":"eth_call","params":{"a":[{}]}}',
  ' { "params" : [ 1e400 , "\\ud800" , {"__proto__":{"a":1},"constructor":[]} ] , "method" : "eth_call" , "id" : 0 , "jsonrpc" : "2.0" }\r\n',
  `{"jsonrpc":"2.0","id":"${"i".repeat(3000)}","method":"${"m".repeat(3000)}"}`,
  "[]",
  "5",
];
const deep = [
  `${"[".repeat(4000)}${"]".repeat(4000)}`,
  `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${'{"a":'.repeat(3000)}1${"}".repeat(3000)}}`,
  call("9", "eth_call", `${"[".repeat(30_000)}${"]".repeat(30_000)}`),
];

const tokens = [
  ...'[]{},:"\\ \n\t0-.eE',
  "null",
  "true",
  "1e999",
  "-0",
  "123456789012345678901234567890",
  '"\\u0000"',
  '"\\uD800"',
  '"id"',
  '"method"',
  '"params"',
  '"jsonrpc"',
  '"2.0"',
  '"result"',
  '"error"',
  '"__proto__"',
  '"toString"',
  '"eth_blockNumber"',
  '"eth_newFilter"',
  '"latest"',
  "\u2028",
  "\ufeff",
  "🎉",
  "NaN",
  "/**/",
  "{{port}}",
  "$request_body",
  "0x",
];

const tokenPattern = /"(?:\\.|[^"\\])*"|[-+\w.]+|[^\s\w]|\s+/gu;

/** Takes out, doubles, swaps or replaces words of a text. */
function mutateTokens(text: string, random: Random): string {
  const words = text.match(tokenPattern) ?? [];
  for (let change = random.int(4); change >= 0 && words.length > 0; change--) {
    const at = random.int(words.length);
    const kind = random.int(5);
    if (kind === 0) words.splice(at, 1 + random.int(3));
    else if (kind === 1) words.splice(at, 0, words[random.int(words.length)]!);
    else if (kind === 2) words[at] = random.pick(tokens);
    else if (kind === 3) words.splice(at, 0, random.pick(tokens));
    else [words[at], words[random.int(words.length)]] = [words[random.int(words.length)]!, words[at]!];
  }
  return words.join("");
}

function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const changed = Buffer.from(bytes);
  for (let change = random.int(4); change >= 0 && changed.length > 0; change--) {
    const at = random.int(changed.length);
    const kind = random.next();
    if (kind < 0.5) changed[at] = random.int(256);
    else if (kind < 0.7) changed[at] = changed[at]! ^ (1 << random.int(8));
    else if (kind < 0.9) changed.copy(changed, at, random.int(changed.length));
    else return Buffer.concat([changed.subarray(0, at), changed.subarray(random.int(changed.length))]);
  }
  return changed;
}

function body(random: Random): Buffer {
  if (random.chance(0.01)) return Buffer.from(random.pick(deep));
  let text = random.pick(singles);
  if (random.chance(0.3)) {
    const elements = Array.from({ length: random.int(8) }, () => random.pick(singles));
    text = `${random.pick(["", " \n"])}[${elements.join(random.pick([",", " , "]))}]`;
  }
  const kind = random.next();
  if (kind < 0.25) return Buffer.from(text);
  if (kind < 0.65) return Buffer.from(mutateTokens(text, random));
  if (kind < 0.97) return mutateBytes(Buffer.from(text), random);
  return random.bytes(random.int(300));
}

const methods = ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND", "LOCK", "POSTS", "_"];
const node = "n0000000000000001";
const paths = [
  "/mainnet",
  "/mainnet/",
  "/1",
  "//",
  "/1/",
  "/mainnet?key=%22&x",
  "/nowhere",
  "/%00",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/%6dainnet",
  "/a%0d%0aX-Evil:%201",
  `/~${node}`,
  `/=${node}`,
  `/%7e${node}`,
  `/~trial/${node}`,
  "/~sockets",
  "/@failed",
  "/@newest",
  "/__proto__",
  "/constructor",
  "/%ff%fe",
  "/./health/..",
  "/ready",
  "/health",
  "http://elsewhere/mainnet",
  `/${"p".repeat(3000)}`,
  "/?#",
  '/"><script>',
];
const headers: [string, string][] = [
  ["Content-Type", "text/html; charset=utf-16"],
  ["Content-Encoding", "gzip"],
  ["Expect", "100-continue"],
  ["Expect", "nonsense"],
  ["Upgrade", "websocket"],
  ["Connection", "upgrade, keep-alive, X-Forwarded-For"],
  ["Connection", "close"],
  ["X-Forwarded-For", "unix:, 127.0.0.1, ::1"],
  ["X-Accel-Redirect", "/~sockets"],
  ["Cookie", "c".repeat(6000)],
  ["Origin", "https://evil.example\u00ff"],
  ["Origin", "null"],
  ["Access-Control-Request-Headers", "x-a, \u00e9\u00ff, x".repeat(40)],
  ["Authorization", "Bearer ../../../"],
  ["Accept-Encoding", "identity;q=0, *;q=0"],
  ["Accept", "nothing/at-all"],
  ["Range", "bytes=0-0,-1"],
  ["If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT"],
  ["If-None-Match", "*"],
  ["TE", "trailers, deflate"],
  ["X-HTTP-Method-Override", "DELETE"],
  ["X-Gateway-Generation", "999999"],
  ["Via", "1.1 gateway"],
  ["If-Match", '"x"'],
  ["If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"],
  ["X-Nonsense", "\u0001\u007f\u0080"],
  ["A".repeat(300), "B".repeat(300)],
];

/** The next of an endless series of requests, most of them wrong in some way. */
export function nextRequest(random: Random): WireRequest {
  const parts = {
    method: random.chance(0.05) ? random.pick(methods) : "POST",
    path: random.chance(0.1) ? random.pick(paths) : "/",
    headers: [["Host", random.chance(0.02) ? "evil..example:99" : "gateway"]] as [string, string][],
    body: body(random),
  };
  if (random.chance(0.3)) parts.headers.push(random.pick(headers));
  const wire = serialize(parts, random.chance(0.1));
  if (random.chance(0.07)) return { ...parts, isFramed: false, bytes: mutateBytes(wire, random) };
  return { ...parts, isFramed: true, bytes: wire };
}

function serialize(request: Omit<WireRequest, "isFramed" | "bytes">, isChunked: boolean): Buffer {
  const lines = [`${request.method} ${request.path} HTTP/1.1`];
  for (const [name, value] of request.headers) lines.push(`${name}: ${value}`);
  lines.push(isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${request.body.length}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (!isChunked) return Buffer.concat([head, request.body]);
  const size = Buffer.from(`${request.body.length.toString(16)}\r\n`);
  const chunk = request.body.length === 0 ? [] : [size, request.body, Buffer.from("\r\n")];
  return Buffer.concat([head, ...chunk, Buffer.from("0\r\n\r\n")]);
}
