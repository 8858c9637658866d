import { type AddressClass, addressProblem, hostClass } from "./address";

/** A node's URL, taken apart. All of it but `host` and `port` is secret. */
export interface NodeUrl {
  /** Normalised, with credentials: `https://user:pass@host:8545/path?query`. Parsing it again gives the same. */
  href: string;
  scheme: "http" | "https" | "ws" | "wss";
  /** Lower case, no trailing dot; an IPv6 address in brackets. */
  host: string;
  port: number;
  /** Path and query: `/v3/key?x=1`, at least `/`. */
  path: string;
  /** `user:pass`, percent-decoded, to be sent as Basic authentication. */
  credentials?: string;
  addressClass: AddressClass;
}

export interface NodeUrlRules {
  /** `http`: http or https. `ws`: ws or wss. */
  kind?: "http" | "ws";
  /** Loopback and private addresses are allowed. */
  allowPrivate: boolean;
}

export type NodeUrlResult = { ok: true; url: NodeUrl } | { ok: false; problems: string[] };

const maxUrlLength = 2048;

/**
 * What a URL may be made of (RFC 3986 without the quote, `$`, `;` and `#`). A whitelist: quotes, braces, `;`, `$`, `#`,
 * backslashes, spaces, control characters and `<>` mean something in an nginx configuration, a shell or a page.
 */
const allowedCharacters = /^[A-Za-z0-9\-._~:/?[\]@!&()*+,=%]*$/;
const domainName =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const schemes = { http: ["http", "https"], ws: ["ws", "wss"] };
const defaultPorts = { http: 80, https: 443, ws: 80, wss: 443 };

/** Parses, validates and normalises a node's URL. Problems never quote the URL: it is a secret. */
export function parseNodeUrl(value: unknown, { kind = "http", allowPrivate }: NodeUrlRules): NodeUrlResult {
  const spelling = spellingProblems(value, kind);
  if (spelling.length > 0) return { ok: false, problems: spelling };
  const parsed = toUrl(value as string);
  if (!parsed) return { ok: false, problems: ["is not a URL with a valid host and port"] };
  const url = takeApart(parsed);
  const problems = partProblems(parsed, url, allowPrivate);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, url };
}

function spellingProblems(value: unknown, kind: "http" | "ws"): string[] {
  if (typeof value !== "string") return ["must be a string"];
  const problems: string[] = [];
  if (value.length > maxUrlLength) problems.push(`is longer than ${maxUrlLength} characters`);
  if (!allowedCharacters.test(value)) {
    problems.push(
      "has a character that is not allowed: only letters, digits and - . _ ~ : / ? [ ] @ ! & ( ) * + , = % (others percent-encoded)",
    );
  }
  if (/%(?![0-9A-Fa-f]{2})/.test(value)) problems.push("has a % that two hex digits don't follow");
  if (/%(0|1|7F)/i.test(value)) problems.push("has an encoded control character");
  const allowed = schemes[kind];
  if (!new RegExp(`^(${allowed.join("|")})://[^/]`, "i").test(value)) {
    problems.push(`must start with ${allowed.map((scheme) => `${scheme}://`).join(" or ")} and a host`);
  }
  return problems;
}

function toUrl(value: string): URL | undefined {
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}

function takeApart(parsed: URL): NodeUrl {
  const scheme = parsed.protocol.slice(0, -1) as NodeUrl["scheme"];
  const host = parsed.hostname.replace(/\.$/, "");
  const path = `${parsed.pathname}${parsed.search}`;
  const hasCredentials = parsed.username !== "" || parsed.password !== "";
  const userinfo = hasCredentials ? `${parsed.username}:${parsed.password}@` : "";
  const port = parsed.port === "" ? "" : `:${parsed.port}`;
  return {
    href: `${scheme}://${userinfo}${host}${port}${path}`,
    scheme,
    host,
    port: parsed.port === "" ? defaultPorts[scheme] : Number(parsed.port),
    path,
    credentials: hasCredentials ? `${decode(parsed.username)}:${decode(parsed.password)}` : undefined,
    addressClass: hostClass(host),
  };
}

function partProblems(parsed: URL, url: NodeUrl, allowPrivate: boolean): string[] {
  const problems: string[] = [];
  if (!url.host.startsWith("[") && !domainName.test(url.host)) problems.push("has no valid host name");
  if (url.port === 0) problems.push("has port 0");
  // The parser encodes what it finds odd, which may bring in or lengthen what was checked above.
  if (!allowedCharacters.test(url.href) || url.href.length > maxUrlLength) problems.push("is no plain URL");
  if (/%[0-9A-F]{2}/i.test(parsed.username) && decode(parsed.username).includes(":")) {
    problems.push("has a user name with a colon");
  }
  const address = addressProblem(url.addressClass, allowPrivate);
  if (address) problems.push(address);
  return problems;
}

/** Malformed UTF-8 stays encoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
