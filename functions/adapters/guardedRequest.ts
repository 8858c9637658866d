import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from "node:dns";
import * as http from "node:http";
import * as https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { addressClass, addressProblem } from "../domain/address";
import type { ProbeFailure } from "../domain/verdict";

/** A request to a node failed; `reason` says how. Says nothing of the URL. */
export class NodeRequestError extends Error {
  override readonly name = "NodeRequestError";
  constructor(
    readonly reason: ProbeFailure,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}

export interface GuardedRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  body?: Uint8Array;
  agent: http.Agent;
  /** Ends the request, wherever it is. */
  signal: AbortSignal;
  maxAnswerBytes: number;
  allowPrivate: boolean;
}

export interface GuardedAnswer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** One connection for one probe: its calls go one after another, and it is closed with it. */
export function createProbeAgent(url: string): http.Agent {
  const options = { keepAlive: true, maxSockets: 1, maxTotalSockets: 1 };
  return url.startsWith("https:")
    ? new https.Agent({ ...options, checkServerIdentity: identityProblem })
    : new http.Agent(options);
}

/** nginx compares names only, an address too: a node that the proxy can't verify must not count as healthy. */
export function identityProblem(host: string, certificate: PeerCertificate): Error | undefined {
  if (isIP(host) === 0) return checkServerIdentity(host, certificate);
  const names = (certificate.subjectaltname ?? "").split(", ").filter((name) => name.startsWith("DNS:"));
  if (names.includes(`DNS:${host}`)) return undefined;
  if (names.length === 0 && certificate.subject?.CN === host) return undefined;
  return new Error("The certificate does not have the address as a name.");
}

/**
 * One HTTP request that trusts neither the node nor its name: no redirects, no more bytes than asked for, and no connection
 * to an address that a node can't have, whatever its name resolves to now. @throws NodeRequestError
 */
export function guardedRequest(options: GuardedRequest): Promise<GuardedAnswer> {
  const { url, method, headers, agent, signal, allowPrivate } = options;
  const send = url.startsWith("https:") ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(asRequestError(error, signal));
    try {
      const lookup = guardedLookup(allowPrivate);
      const request = send(url, { method, headers, agent, signal, lookup }, (response) => {
        readBody(response, options.maxAnswerBytes).then((body) => {
          resolve({ status: response.statusCode ?? 0, headers: flat(response.headers), body });
        }, fail);
      });
      request.on("error", fail);
      request.end(options.body);
    } catch (error) {
      fail(error);
    }
  });
}

/** Resolves like `dns.lookup`, and refuses when any of the addresses is one that a node can't have. */
function guardedLookup(allowPrivate: boolean): LookupFunction {
  return (hostname, options: LookupOptions, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, "", 0);
      const refused = addresses.find(({ address }) => isRefused(address, allowPrivate));
      const [first] = addresses;
      if (refused || !first) {
        return callback(new NodeRequestError("unreachable", "the name resolves to a refused address"), "", 0);
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function isRefused(address: string, allowPrivate: boolean): boolean {
  const kind = addressClass(address);
  return kind === undefined || addressProblem(kind, allowPrivate) !== undefined;
}

async function readBody(response: http.IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.byteLength;
    if (size > maxBytes) throw new NodeRequestError("bad_response", `more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function asRequestError(error: unknown, signal: AbortSignal): NodeRequestError {
  if (error instanceof NodeRequestError) return error;
  if (signal.aborted) return new NodeRequestError("timeout", "no answer in time");
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  // HPE_…: what came is not HTTP.
  if (code.startsWith("HPE_")) return new NodeRequestError("bad_response", code);
  return new NodeRequestError("unreachable", code || "connection failed");
}
